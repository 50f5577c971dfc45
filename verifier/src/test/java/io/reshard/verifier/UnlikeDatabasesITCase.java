package io.reshard.verifier;

import static io.reshard.core.control.Mismatch.Kind.DIFFERENT;
import static io.reshard.core.control.Mismatch.Kind.EXTRA;
import static io.reshard.core.control.Mismatch.Kind.MISSING;
import static io.reshard.verifier.Shards.ITEMS;
import static io.reshard.verifier.Shards.KINDS;
import static io.reshard.verifier.Shards.ORDERS;
import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The databases of the two sides show the same values in other ways. */
final class UnlikeDatabasesITCase {
  private static final String UTF8 = "ENCODING 'UTF8' TEMPLATE template0 LOCALE 'C'";

  /** Between these keys a bound of splits lies: on another side of each in every collation. */
  private static final String UNLIKE_KEYS =
      "INSERT INTO items VALUES ('SKU-9', 1, %1$s, 'a'), ('sku_1', 1, %1$s, 'b'),"
          + " ('\u00e4', 1, %1$s, 'c'), ('Z', 1, %1$s, 'd')";

  @Test
  void keysThatAreSortedInAnotherWayAreComparedAllTheSame() throws Exception {
    Shards shards =
        Shards.start(
            Shards.Setup.plain().databases(UTF8, UTF8 + " LOCALE_PROVIDER icu ICU_LOCALE 'de-AT'"),
            600);
    String split = "SELECT 'SKU-9' < 'sku-5' AND NOT '\u00e4' < 'sku-5'";
    assertThat(shards.value("shard-1", split)).isEqualTo("t");
    assertThat(shards.value("shard-3", split)).isEqualTo("f");
    String customer = shards.value("shard-3", "SELECT max(customer) FROM items");
    for (String shard : new String[] {"shard-1", "shard-3"}) {
      shards.run(shard, UNLIKE_KEYS.formatted(customer));
    }

    VerificationReport equal = shards.verify();

    assertThat(equal.consistent()).isTrue();
    assertThat(equal.steps()).allMatch(step -> step.sourceRows() == step.targetRows());

    shards.run("shard-3", "UPDATE items SET note = 'x' WHERE sku = 'SKU-9'");
    shards.run("shard-3", "DELETE FROM items WHERE sku = 'sku_1'");
    shards.run("shard-3", "UPDATE items SET sku = 'SKU-8' WHERE sku = 'Z'");

    assertThat(shards.verify().mismatchSamples())
        .containsOnly(
            new Mismatch(ITEMS, "[\"SKU-9\",\"1\"]", DIFFERENT),
            new Mismatch(ITEMS, "[\"sku_1\",\"1\"]", MISSING),
            new Mismatch(ITEMS, "[\"Z\",\"1\"]", MISSING),
            new Mismatch(ITEMS, "[\"SKU-8\",\"1\"]", EXTRA));
  }

  @Test
  void whatADatabaseSetsForItsSessionsMakesNoDifference() throws Exception {
    Shards shards = Shards.start(600);
    Map<String, String> settings =
        Map.of(
            "DateStyle", "SQL, DMY",
            "TimeZone", "Asia/Kolkata",
            "IntervalStyle", "sql_standard",
            "extra_float_digits", "-10",
            "bytea_output", "escape",
            "quote_all_identifiers", "on",
            "search_path", "nowhere");
    for (Map.Entry<String, String> setting : settings.entrySet()) {
      String value = " SET " + setting.getKey() + " = '" + setting.getValue() + "'";
      shards.run("", "ALTER DATABASE \"" + shards.database("shard-3") + "\"" + value);
      shards.run(
          "", "ALTER ROLE postgres IN DATABASE \"" + shards.database("shard-2") + "\"" + value);
    }
    assertThat(shards.value("shard-2", "SHOW bytea_output")).isEqualTo("escape");
    assertThat(shards.value("shard-3", "SHOW IntervalStyle")).isEqualTo("sql_standard");

    assertThat(shards.verify().consistent()).isTrue();

    // Of these, the databases' own settings show the difference of the second one alone.
    String id = shards.value("shard-3", "SELECT min(id) FROM public.orders");
    String late = shards.value("shard-3", "SELECT min(id) FROM public.kinds");
    shards.run("shard-3", "UPDATE public.orders SET factor = factor + 1e-15 WHERE id = " + id);
    shards.run("shard-3", "UPDATE public.kinds SET span = span + '1us' WHERE id = " + late);

    assertThat(shards.verify().mismatchSamples())
        .containsExactlyInAnyOrder(
            new Mismatch(ORDERS, id, DIFFERENT), new Mismatch(KINDS, late, DIFFERENT));
  }
}
