package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.cdc.connectors.base.source.meta.offset.Offset;
import org.apache.flink.cdc.connectors.base.source.meta.split.StreamSplit;
import org.apache.flink.cdc.connectors.postgres.source.offset.PostgresOffset;
import org.apache.flink.core.io.SimpleVersionedSerialization;
import org.junit.jupiter.api.Test;

class RewindingTest {

  private static final PostgresOffset LIVE =
      PostgresOffset.of(
          Map.of("lsn", "100", "lsn_commit", "500", "lsn_proc", "100", "ts_usec", "7"));

  @Test
  void startsEachSplitWhereTheSlotStands() throws IOException {
    StreamSplit split = readBack(LIVE).asStreamSplit();
    assertThat(split.getStartingOffset().getOffset())
        .containsOnly(
            Map.entry("lsn", "0"), Map.entry("ts_usec", "0"), Map.entry(StreamPosition.KEY, "500"));
    assertThat(split.getEndingOffset()).isEqualTo(PostgresOffset.NO_STOPPING_OFFSET);
    assertThat(split.splitId()).isEqualTo("stream-split");
  }

  @Test
  void keepsThePositionOverAnyNumberOfRestores() throws IOException {
    Offset offset = readBack(readBack(LIVE).getStartingOffset()).getStartingOffset();
    assertThat(StreamPosition.of(offset.getOffset())).isEqualTo(500);
  }

  @Test
  void neverLetsThePositionFallBack() {
    PostgresOffset repeated = PostgresOffset.of(Map.of("lsn", "80", "ts_usec", "8"));
    Offset carried = StreamPosition.carry(LIVE, repeated);
    assertThat(((PostgresOffset) carried).getLsn().asLong()).isEqualTo(80);
    assertThat(StreamPosition.of(carried.getOffset())).isEqualTo(500);

    PostgresOffset further = PostgresOffset.of(Map.of("lsn", "900", "ts_usec", "9"));
    assertThat(StreamPosition.of(StreamPosition.carry(carried, further).getOffset()))
        .isEqualTo(900);
  }

  @Test
  void readsThePositionOutOfASavepoint() throws IOException {
    byte[] element =
        SimpleVersionedSerialization.writeVersionAndSerialize(
            new RewindingSplitSerializer(), split(LIVE));
    assertThat(ChangeSource.position(element)).isEqualTo(500);
  }

  private static StreamSplit readBack(Offset offset) throws IOException {
    RewindingSplitSerializer serializer = new RewindingSplitSerializer();
    return serializer
        .deserialize(serializer.getVersion(), serializer.serialize(split(offset)))
        .asStreamSplit();
  }

  private static StreamSplit split(Offset offset) {
    return new StreamSplit(
        "stream-split", offset, PostgresOffset.NO_STOPPING_OFFSET, List.of(), new HashMap<>(), 0);
  }
}
