package io.reshard.core.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanFileTest {
  @TempDir private Path folder;

  @Test
  void readsWhatItWrote() {
    Plan plan = plan(3);
    Path file = folder.resolve("plan.json");
    PlanFile.write(plan, file);
    assertThat(PlanFile.read(file)).isEqualTo(plan);
    assertThat(PlanFile.parse(Documents.toJson(plan), "the database")).isEqualTo(plan);
  }

  @Test
  void readsALargePlan() {
    Plan plan = plan(60_000);
    Path file = folder.resolve("plan.json");
    PlanFile.write(plan, file);
    assertThat(PlanFile.read(file)).isEqualTo(plan);
  }

  @Test
  void writesRecordComponentsAndNothingElse() throws IOException {
    JsonNode json = new ObjectMapper().readTree(Documents.toJson(plan(1)));
    assertThat(json.fieldNames()).toIterable().containsExactlyElementsOf(components(Plan.class));
    assertThat(json.at("/tables/0").fieldNames())
        .toIterable()
        .containsExactlyElementsOf(components(PlannedTable.class));
    assertThat(json.at("/splits/0").fieldNames())
        .toIterable()
        .containsExactlyElementsOf(components(Split.class));
    assertThat(json.at("/steps/0").fieldNames())
        .toIterable()
        .containsExactlyElementsOf(components(MigrationStep.class));
    assertThat(json.at("/source").fieldNames())
        .toIterable()
        .containsExactlyElementsOf(components(Topology.class));
    assertThat(json.at("/source/shards/0").fieldNames())
        .toIterable()
        .containsExactly("id", "node", "database", "status", "keyRange");
    assertThat(json.at("/source/shards/0/keyRange").asText()).isEqualTo("-");
  }

  private static List<String> components(Class<?> type) {
    return Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName).toList();
  }

  @Test
  void refusesAnotherFormat() throws IOException {
    String other = Documents.toJson(plan(1)).replace("\"format\":2", "\"format\":1");
    assertRefused(other, "format 1");
    assertRefused(Documents.toJson(plan(1)).replace("\"steps\"", "\"step\""), "'step'");
    assertRefused("not a plan", "plan");
    assertThatThrownBy(() -> PlanFile.read(folder.resolve("none.json")))
        .isInstanceOf(ReshardingException.class)
        .hasMessageContaining("none.json");
  }

  private void assertRefused(String text, String message) throws IOException {
    Path file = folder.resolve("wrong.json");
    Files.writeString(file, text);
    assertThatThrownBy(() -> PlanFile.read(file))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.INVALID_PLAN))
        .hasMessageContaining("wrong.json")
        .hasMessageContaining(message);
  }

  @Test
  void numbersShardsAndFindsNewOnes() {
    Plan plan = plan(1);
    assertThat(plan.shardIds()).containsExactly("shard-0", "shard-1");
    assertThat(plan.shardOrdinal("shard-1")).isEqualTo(1);
    assertThat(plan.sources()).containsExactly("shard-0");
    assertThat(plan.targetsOf("shard-0")).containsExactly("shard-1");
    assertThat(plan.isNew("shard-1")).isTrue();
    assertThat(plan.isNew("shard-0")).isFalse();
    assertThat(plan.topologyOf("shard-1")).isEqualTo(plan.target());
  }

  private static Plan plan(int splits) {
    Topology source = topology(1, shard(0, "-"));
    Topology target = topology(2, shard(0, "-80"), shard(1, "80-"));
    List<Split> all = new ArrayList<>();
    for (int id = 0; id < splits; id++) {
      List<String> lower = id == 0 ? null : List.of("a'\\\"\u007f\u0085\t\n\uD83D\uDE00" + id, "7");
      all.add(new Split(id, 0, "shard-0", lower, null, 5));
    }
    return new Plan(
        Plan.FORMAT,
        "20260102-abcdef01",
        source,
        target,
        List.of("CREATE SCHEMA IF NOT EXISTS \"public\""),
        List.of(SplitSqlTest.table()),
        List.of(new MigrationStep("shard-0", "shard-1", "80-", 5, 50)),
        all,
        5,
        50,
        List.of(new PreflightFinding("wal_level", "shard-0", true, "logical", null)));
  }

  private static Shard shard(int number, String range) {
    return new Shard(
        "shard-" + number,
        "node-1",
        "app_" + number,
        ShardStatus.ACTIVE,
        KeyRange.parse(range),
        null);
  }

  private static Topology topology(long version, Shard... shards) {
    return new Topology(
        version,
        new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
        List.of(new Node("node-1", "jdbc:postgresql://127.0.0.1/", "app", "${P}", null)),
        List.of(shards),
        List.of(new TableRule("public.notes", "customer", false)));
  }
}
