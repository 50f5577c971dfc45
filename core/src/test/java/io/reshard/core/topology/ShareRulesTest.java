package io.reshard.core.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShareRulesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          strategy: ring, function: md5      | weight: 1              | weight: 2
          strategy: range                    | to: 100                | from: 100
          strategy: range                    | from: m                | to: m
          strategy: directory                | keys: [1, 2]           | keys: [3], default: true
          strategy: directory                | keys: [a]              | keys: [b]
          strategy: hash, function: crc32    | keyRange: "-80"        | keyRange: "80-"
          strategy: modulo, function: identity | remainder: 1         | remainder: 0
          """)
  void acceptsSharesWithoutGapOrOverlap(String routing, String first, String second) {
    Topology topology = read(routing, first, second, "");
    assertThat(topology.owners()).extracting(Shard::id).containsExactly("shard-0", "shard-1");
    assertThat(
            Documents.parse(
                Documents.toJson(topology), Topology.class, ErrorCode.INVALID_TOPOLOGY, "json"))
        .isEqualTo(topology);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          strategy: range                  | to: 100        | from: 120       | owns the values from 100 to 120
          strategy: range                  | to: 100        | from: 20        | (from 20) overlap those of shard 'shard-0' (to 100)
          strategy: range                  | to: 9          | from: 10        | owns the values from 9 to 10
          strategy: range                  | from: 1, to: 9 | from: 9         | owns the values below 1
          strategy: range                  | to: 9          | from: 9, to: 99 | owns the values from 99
          strategy: range                  | to: 9          | from: 9, to: 3  | from 9, to 3 is empty
          strategy: range, function: md5   | to: 9          | from: 9         | has no 'function'
          strategy: ring                   | weight: 1      | weight: 1       | has no 'function'
          strategy: ring, function: md5    | weight: 0      | weight: 1       | weight 0 is not between
          strategy: ring, function: identity | weight: 1    | weight: 1       | identity cannot place
          strategy: directory              | keys: [a]      | keys: [b, a]    | 'a' is listed by shard 'shard-0' and again by shard 'shard-1'
          strategy: directory              | default: true  | default: true   | several shards are the default
          strategy: directory              | keys: [a]      | weight: 3       | a 'weight' belongs to the strategy ring
          strategy: modulo, function: md5  | remainder: 1   | keys: [a]       | 'keys' belong to the strategy directory
          """)
  void namesWhatIsWrong(String routing, String first, String second, String message) {
    assertRefused(routing, first, second, "", message);
  }

  @Test
  void theOnlyShardOfValueRangesOwnsEverything() {
    Topology topology = read("strategy: range", "status: active", "status: to_be_deleted", "");
    assertThat(topology.owners()).extracting(Shard::id).containsExactly("shard-0");
  }

  @Test
  void aTableMayHaveItsOwnRoutingAndShards() {
    String own = ", routing: { strategy: directory }, shards: [ { id: shard-1, default: true } ]";
    Topology topology =
        read("strategy: hash, function: md5", "keyRange: '-'", "status: active", own);
    TableRule rule = topology.rule("public", "orders");
    assertThat(topology.viewOf(rule).owners()).extracting(Shard::id).containsExactly("shard-1");
    assertThat(topology.viewOf(rule).shard("shard-1").database()).isEqualTo("app_1");
    assertThat(topology.owners()).extracting(Shard::id).containsExactly("shard-0", "shard-1");
    assertThat(topology.viewOf(topology.rule("public", "items")).owners())
        .extracting(Shard::id)
        .containsExactly("shard-0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          , shards: [ { id: shard-1 } ]                                                  | needs both 'routing' and 'shards'
          , routing: { strategy: directory }                                             | needs both 'routing' and 'shards'
          , routing: { strategy: directory }, shards: [ { id: shard-9, default: true } ] | no shard 'shard-9'
          , routing: { strategy: range }, shards: [ { id: shard-1, to: 5 } ]             | owns the values from 5 (routing of the table 'orders')
          , routing: { strategy: range }, shards: [ { id: shard-1, node: n } ]           | has its place in 'shards' of the topology
          """)
  void namesTheTableWhoseSharesAreWrong(String own, String message) {
    assertRefused("strategy: hash, function: md5", "keyRange: '-'", "status: active", own, message);
  }

  private static void assertRefused(
      String routing, String first, String second, String own, String message) {
    assertThatThrownBy(() -> read(routing, first, second, own))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.INVALID_TOPOLOGY))
        .hasMessageContaining(message);
  }

  private static Topology read(String routing, String first, String second, String own) {
    String text =
        """
        version: 1
        routing: { %s }
        nodes: [ { id: n, url: "jdbc:postgresql://127.0.0.1/" } ]
        shards:
          - { id: shard-0, node: n, database: app_0, %s }
          - { id: shard-1, node: n, database: app_1, %s }
        tables: [ { name: items, shardKey: k }, { name: orders, shardKey: k%s } ]
        """
            .formatted(routing, first, second, own);
    return TopologyRules.check(
        Documents.parse(text, Topology.class, ErrorCode.INVALID_TOPOLOGY, "a test"));
  }
}
