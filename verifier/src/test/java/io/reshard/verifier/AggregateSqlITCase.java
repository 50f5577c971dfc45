package io.reshard.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.checksum.RowHash;
import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.Split;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.Topology;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One scan for all steps gives what a query for each of them gives, however many they are. */
final class AggregateSqlITCase {
  @ParameterizedTest
  @ValueSource(ints = {2, 16})
  void aSourceIsReadForAllItsTargetsAtOnce(int targets) throws Exception {
    Shards shards = Shards.start(1_500);
    Plan plan = intoMany(shards.plan(), targets);
    PlannedTable orders = plan.tables().get(0);
    Stretch stretch = new Stretch(List.of(new Split(0, 0, "shard-0", null, List.of("900"), 0)));
    shards.run(
        "shard-0",
        "INSERT INTO orders (id, customer) SELECT -customer, customer FROM generate_series(1, 9)"
            + " AS t (customer) WHERE "
            + plan.oldRouting(orders, "t").ownedBy("shard-1"));
    String strays = "SELECT count(*) FROM orders WHERE id < 0";

    Map<String, String> found = read(shards, plan, Side.SOURCE, "shard-0", List.of(stretch));

    assertThat(found.remove("STRAY on shard-0 of shard-0"))
        .startsWith(shards.value("shard-0", strays) + " ");
    assertThat(found).hasSize(targets);
    for (String target : plan.targetsOf("shard-0")) {
      String own = aggregate(plan, "shard-0", target) + " AND id < 900";
      assertThat(found.get("shard-0->" + target + " of shard-0"))
          .isEqualTo(shards.value("shard-0", own));
    }
  }

  @Test
  void aTargetIsReadForAllItsSourcesAtOnce() throws Exception {
    Shards shards = Shards.start(1_500);
    Plan plan = shards.plan();
    List<Stretch> orders =
        Stretch.of(plan, plan.splits(), Long.MAX_VALUE).stream()
            .filter(stretch -> stretch.first().table() == 0)
            .toList();

    Map<String, String> found = read(shards, plan, Side.TARGET, "shard-2", orders);

    assertThat(found).hasSize(2);
    for (String source : Shards.SOURCES) {
      assertThat(found.get(source + "->shard-2 of " + source))
          .isEqualTo(shards.value("shard-2", aggregate(plan, source, "shard-2")))
          .doesNotStartWith("0 ");
    }
  }

  private static String aggregate(Plan plan, String source, String target) {
    PlannedTable orders = plan.tables().get(0);
    return "SELECT count(*) || ' ' || coalesce(sum(%s), 0) FROM orders t WHERE %s AND %s"
        .formatted(
            RowHash.ofRow(orders, "t"),
            plan.oldRouting(orders, "t").ownedBy(source),
            plan.newRouting(orders, "t").ownedBy(target));
  }

  /** Count and checksum by the step's name and the stretch's source. */
  private static Map<String, String> read(
      Shards shards, Plan plan, Side side, String shard, List<Stretch> stretches) throws Exception {
    Reading reading = new Reading(shard, stretches);
    String sql = new AggregateSql(plan, VerificationMode.CHECKSUM, side, reading).text();
    Map<String, String> found = new LinkedHashMap<>();
    try (Connection connection = shards.connect(shard);
        PreparedStatement statement = connection.prepareStatement(sql)) {
      Object[] names = stretches.stream().map(stretch -> stretch.first().source()).toArray();
      statement.setArray(1, connection.createArrayOf("text", names));
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          String subject = row.getString(2) + " of " + row.getString(1);
          found.put(subject, row.getLong(3) + " " + row.getString(4));
        }
      }
    }
    return found;
  }

  /** The plan with a target topology of {@code count} new shards, which take everything. */
  private static Plan intoMany(Plan plan, int count) {
    List<Shard> shards = new ArrayList<>();
    List<MigrationStep> steps = new ArrayList<>();
    long width = Long.divideUnsigned(-1L, count) + 1;
    for (int index = 0; index < count; index++) {
      KeyRange range = new KeyRange(width * index, index == count - 1 ? 0 : width * (index + 1));
      String id = "new-" + index;
      shards.add(new Shard(id, "node-1", id, ShardStatus.ACTIVE, range, null));
      steps.add(new MigrationStep("shard-0", id, "", 0, 0));
    }
    Topology target = plan.target();
    return new Plan(
        plan.format(),
        plan.planId(),
        plan.source(),
        new Topology(2, target.routing(), target.nodes(), shards, target.tables()),
        plan.schema(),
        plan.tables(),
        steps,
        plan.splits(),
        0,
        0,
        List.of());
  }
}
