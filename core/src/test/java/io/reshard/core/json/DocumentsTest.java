package io.reshard.core.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.topology.ShardStatus;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DocumentsTest {
  /** A document with the kinds of values that ours have. */
  record Sample(
      String name,
      int count,
      List<String> names,
      Map<String, Long> sizes,
      Instant at,
      ShardStatus status) {}

  private static Sample parse(String text) {
    return Documents.parse(text, Sample.class, ErrorCode.INVALID_CONFIGURATION, "sample.yaml");
  }

  @Test
  void readsYamlJsonAndFlowStyle() {
    Sample expected = new Sample("a", 2, List.of("x", "y"), null, null, ShardStatus.TO_BE_DELETED);
    assertThat(parse("name: a\ncount: 2\nnames: [x, y]\nstatus: to_be_deleted\n"))
        .isEqualTo(expected);
    assertThat(
            parse(
                "{\"name\": \"a\", \"count\": 2, \"names\": [\"x\", \"y\"],"
                    + " \"status\": \"TO_BE_DELETED\"}"))
        .isEqualTo(expected);
    assertThat(parse("{ name: a, count: 2, names: [x, y], status: to_be_deleted }"))
        .isEqualTo(expected);
  }

  @Test
  void writesWhatItReads() {
    Sample sample =
        new Sample(
            "\u007f\u0085\u2028\uD83D\uDE00\t\"\\",
            -1,
            List.of(""),
            Map.of("a", Long.MAX_VALUE),
            Instant.parse("2026-01-02T03:04:05.123456789Z"),
            ShardStatus.FAILED);
    assertThat(parse(Documents.toJson(sample))).isEqualTo(sample);
    assertThat(parse(Documents.toPrettyJson(sample))).isEqualTo(sample);
    assertThat(Documents.toJson(sample)).doesNotContain("\n");
  }

  @Test
  void namesTheKeyThatWasProbablyMeant() {
    assertRefused("name: a\ncuont: 2\n", "unknown key 'cuont'", "did you mean 'count'?");
    assertRefused("{\"name\": \"a\", \"cuont\": 2}", "unknown key 'cuont'", "'count'");
    assertRefused("zzzzzzzz: 1\n", "unknown key 'zzzzzzzz'");
  }

  @Test
  void namesPlaceAndValue() {
    assertRefused("name: a\ncount: many\n", "count", "line 2");
    assertRefused("status: gone\n", "status", "active, pending, to_be_deleted, failed");
    assertRefused("names: [a\n", "sample.yaml");
    assertRefused("{\"name\": ", "sample.yaml");
    assertRefused("", "sample.yaml is empty");
    assertRefused("# nothing\n", "sample.yaml is empty");
    assertRefused("null\n", "sample.yaml is empty");
    assertRefused("name: a\nname: b\n", "name");
    assertRefused("{\"name\": \"a\"} x", "sample.yaml");
  }

  private static void assertRefused(String text, String... messages) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.INVALID_CONFIGURATION))
        .message()
        .contains(messages);
  }
}
