package io.reshard.core.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopologyFileTest {
  private static final String YAML =
      """
      version: 3
      routing: { strategy: hash, function: postgres }
      nodes:
        - id: node-1
          url: "jdbc:postgresql://127.0.0.1:5501/"
          user: app
          password: "${NODE1_PASSWORD}"
          readUrl: "jdbc:postgresql://127.0.0.1:5502/"
      shards:
        - { id: shard-0, node: node-1, database: app_0, status: active, keyRange: "-80" }
        - { id: shard-1, node: node-1, database: app_1, keyRange: "80-" }
      tables:
        - { name: public.orders, shardKey: customer_id, globalKeys: [id] }
        - { name: country, reference: true }
      """;

  @TempDir private Path folder;

  private Topology read(String text) throws IOException {
    Path file = folder.resolve("topology.yaml");
    Files.writeString(file, text);
    return TopologyFile.read(file);
  }

  @Test
  void readsYaml() throws IOException {
    Topology topology = read(YAML);
    assertThat(topology.version()).isEqualTo(3);
    assertThat(topology.owners()).hasSize(2);
    assertThat(topology.shard("shard-1").status()).isEqualTo(ShardStatus.ACTIVE);
    assertThat(topology.shard("shard-1").keyRange()).isEqualTo(KeyRange.parse("80-"));
    assertThat(topology.tables().get(0).isGlobal("id")).isTrue();
    assertThat(topology.tables().get(0).isGlobal("customer_id")).isFalse();
    assertThat(topology.tables().get(1).schema()).isEqualTo("public");
    assertThat(topology.tables().get(1).table()).isEqualTo("country");
    assertThat(topology.nodeOf(topology.shard("shard-0")).readUrl()).contains("5502");
  }

  @Test
  void readsWhatItWroteAsJson() throws IOException {
    Topology topology = read(YAML);
    assertThat(read(Documents.toJson(topology))).isEqualTo(topology);
    assertThat(read(Documents.toPrettyJson(topology))).isEqualTo(topology);
    assertThat(Documents.toJson(topology)).doesNotContain("owners", "null");
  }

  @Test
  void readsKeyRangesWithoutQuotes() throws IOException {
    Topology topology = read(YAML.replace("\"-80\"", "-0100").replace("\"80-\"", "0100-"));
    assertThat(topology.shard("shard-0").keyRange()).isEqualTo(KeyRange.parse("-0100"));
  }

  @Test
  void readsModulo() throws IOException {
    Topology topology =
        read(
            YAML.replace("strategy: hash", "strategy: modulo")
                .replace("keyRange: \"-80\"", "remainder: 1")
                .replace("keyRange: \"80-\"", "remainder: 0"));
    assertThat(topology.shard("shard-0").ownership()).isEqualTo("remainder 1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          keyRange:            | keyrange:          | did you mean 'keyRange'
          strategy: hash       | strategy: rung     | must be one of hash, ring, modulo, range, directory
          strategy: hash, f    | f                  | no 'strategy'
          "80-"                | "c0-"              | no active shard owns the key range 80-c0
          "-80"                | "10-80"            | no active shard owns the key range -10
          "80-"                | "80-f0"            | no active shard owns the key range f0-
          "-80"                | "-90"              | overlaps
          "-80"                | "-"                | overlaps
          "-80"                | "-8x"              | hexadecimal prefixes
          "${NODE1_PASSWORD}"  | secret             | must name an environment variable
          5501/"               | 5501/?password=x"  | holds credentials
          5502/"               | 5502/?password=x"  | its readUrl holds credentials
          5501/"               | 5501/app"          | must end with '/'
          jdbc:postgresql      | jdbc:mysql         | starts with jdbc:postgresql
          id: shard-1          | id: shard-0        | the shard 'shard-0' is there twice
          id: shard-1          | id: "a b"          | an id has at most 63
          app_1                | app_0              | 'node-1/app_0' is there twice
          node: node-1         | node: node-2       | unknown node 'node-2'
          , shardKey: customer_id |                 | either a 'shardKey' or 'reference: true'
          name: country,       |                    | a table has no name
          country              | orders             | 'public.orders' is there twice
          keyRange: "80-"      | remainder: 1       | belongs to the strategy modulo
          version: 3           | version: three     | version
          """)
  void refuses(String part, String replacement, String message) {
    String text = YAML.replace(part, replacement == null ? "" : replacement);
    assertThat(text).isNotEqualTo(YAML);
    assertThatThrownBy(() -> read(text))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.INVALID_TOPOLOGY))
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource({"0, 0, two active shards", "0, 2, not between 0 and 1", "-1, 1, not between"})
  void refusesRemainders(int first, int second, String message) {
    String text =
        YAML.replace("strategy: hash", "strategy: modulo")
            .replace("keyRange: \"-80\"", "remainder: " + first)
            .replace("keyRange: \"80-\"", "remainder: " + second);
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(ReshardingException.class)
        .hasMessageContaining(message);
  }

  @Test
  void refusesFilesThatSayNothing() {
    for (String text :
        new String[] {"", "# nothing", "{}", "[]", "version: [", "{\"version\": 1"}) {
      assertThatThrownBy(() -> read(text))
          .as(text)
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.INVALID_TOPOLOGY));
    }
    assertThatThrownBy(() -> TopologyFile.read(folder.resolve("missing.yaml")))
        .isInstanceOf(ReshardingException.class)
        .hasMessageContaining("missing.yaml");
  }

  @Test
  void refusesAKeyThatIsGivenTwice() {
    assertThatThrownBy(() -> read(YAML + "version: 4\n"))
        .isInstanceOf(ReshardingException.class)
        .hasMessageContaining("version");
  }
}
