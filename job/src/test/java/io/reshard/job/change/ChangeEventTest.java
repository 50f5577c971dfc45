package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.typeutils.PojoTypeInfo;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class ChangeEventTest {

  @Test
  void isAPojoForFlinkAllThrough() throws IOException {
    TypeInformation<ChangeEvent> type = TypeInformation.of(ChangeEvent.class);
    SerializerConfigImpl noKryo = new SerializerConfigImpl();
    noKryo.setGenericTypes(false);
    TypeSerializer<ChangeEvent> serializer = type.createSerializer(noKryo);

    ChangeEvent row =
        copy(
            serializer,
            ChangeEvent.ofRow((short) 1, (short) 2, new String[] {"a", "ä"}, 0xFFFF_FFFFL));
    assertThat(type).isInstanceOf(PojoTypeInfo.class);
    assertThat(row.source).isEqualTo((short) 1);
    assertThat(row.table).isEqualTo((short) 2);
    assertThat(row.key).containsExactly("a", "ä");
    assertThat(row.transactionId).isEqualTo(0xFFFF_FFFFL);
    assertThat(row.isHeartbeat()).isFalse();
  }

  @Test
  void carriesAHeartbeatWithoutAKey() throws IOException {
    TypeSerializer<ChangeEvent> serializer =
        TypeInformation.of(ChangeEvent.class).createSerializer(new SerializerConfigImpl());

    ChangeEvent heartbeat = copy(serializer, ChangeEvent.ofHeartbeat((short) 4, 5, 6, 7));
    assertThat(heartbeat.isHeartbeat()).isTrue();
    assertThat(heartbeat.table).isEqualTo(ChangeEvent.NO_TABLE);
    assertThat(heartbeat.key).isNull();
    assertThat(heartbeat.heartbeatNumber).isEqualTo(6);
    assertThat(heartbeat.heartbeatValue).isEqualTo(7);
    assertThat(heartbeat).hasToString("heartbeat 6 (value 7) of source 4");
  }

  private static ChangeEvent copy(TypeSerializer<ChangeEvent> serializer, ChangeEvent event)
      throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(64);
    serializer.serialize(event, out);
    return serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));
  }
}
