package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.postgres.Endpoint;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a server sends seldom or never; what it sends every day is in ChangeKindsITCase. */
class StreamDecoderTest {

  private static final long DELIVERED = 100;
  private static final int TABLE = 16_400;

  private final List<ChangeEvent> events = new ArrayList<>();
  private final StreamDecoder decoder =
      new StreamDecoder(
          new ChangeSourceSettings(
              (short) 1,
              new Endpoint("app", "jdbc:postgresql://db:5432/app", "user", null),
              "slot",
              "publication",
              "operation",
              List.of(TestShard.table(0, "public", "t", "id", "bigint"))),
          DELIVERED);

  @Test
  void movesThePositionWithTheEndOfACommitAndWithNothingElse() {
    decode(begin(890, 7));
    decode(relation("t", "id"));
    decode(insert("1"));
    assertThat(decoder.position()).isEqualTo(DELIVERED);
    decode(commit(890, 900));
    assertThat(decoder.position()).isEqualTo(900);
    assertThat(events).hasSize(1);
    assertThat(events.get(0).key).containsExactly("1");
    assertThat(events.get(0).transactionId).isEqualTo(7);
  }

  @Test
  void keepsThePositionWhileTheStreamRepeatsWhatLiesBeforeIt() {
    decode(begin(70, 7));
    decode(commit(70, 80));
    assertThat(decoder.position()).isEqualTo(DELIVERED);
  }

  @Test
  void takesWhatTheServerHasReadForDecodedUnlessATransactionIsOpen() {
    decoder.idle(500);
    assertThat(decoder.position()).isEqualTo(500);
    decode(begin(890, 7));
    decoder.idle(950);
    assertThat(decoder.position()).isEqualTo(500);
    decode(commit(890, 900));
    decoder.idle(950);
    assertThat(decoder.position()).isEqualTo(950);
  }

  @Test
  void takesTransactionIdsForUnsigned() {
    decode(begin(890, -2));
    decode(relation("t", "id"));
    decode(insert("1"));
    assertThat(events.get(0).transactionId).isEqualTo(4_294_967_294L);
  }

  @Test
  void refusesWhatItDoesNotUnderstand() {
    assertThatThrownBy(() -> decode(message('S', 8)))
        .isInstanceOf(ChangeCaptureException.class)
        .hasMessageContaining("unknown type");
    assertThatThrownBy(() -> decode(insert("1")))
        .isInstanceOf(ChangeCaptureException.class)
        .hasMessageContaining("unknown table");
    assertThatThrownBy(() -> decode(relation("t", "number")))
        .isInstanceOf(ChangeCaptureException.class)
        .hasMessageContaining("Key column id of public.t is missing from the stream");
  }

  private void decode(ByteBuffer message) {
    decoder.decode(message.flip(), events::add);
  }

  private static ByteBuffer message(char type, int size) {
    return ByteBuffer.allocate(1 + size).put((byte) type);
  }

  private static ByteBuffer begin(long commit, int transaction) {
    return message('B', 20).putLong(commit).putLong(0).putInt(transaction);
  }

  private static ByteBuffer commit(long start, long end) {
    return message('C', 25).put((byte) 0).putLong(start).putLong(end).putLong(0);
  }

  private static ByteBuffer relation(String table, String column) {
    return message('R', 200)
        .putInt(TABLE)
        .put(text("public"))
        .put(text(table))
        .put((byte) 'd')
        .putShort((short) 1)
        .put((byte) 1)
        .put(text(column))
        .putInt(20)
        .putInt(-1);
  }

  private static ByteBuffer insert(String key) {
    byte[] value = key.getBytes(StandardCharsets.UTF_8);
    return message('I', 200)
        .putInt(TABLE)
        .put((byte) 'N')
        .putShort((short) 1)
        .put((byte) 't')
        .putInt(value.length)
        .put(value);
  }

  private static byte[] text(String value) {
    return (value + "\0").getBytes(StandardCharsets.UTF_8);
  }
}
