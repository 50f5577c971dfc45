package io.reshard.orchestrator.cli;

import io.reshard.orchestrator.demo.DemoReport;
import io.reshard.orchestrator.demo.DemoResult;
import io.reshard.orchestrator.demo.Migration;
import io.reshard.testkit.WriterReport;
import java.util.Locale;

/** The result of a demo for people. */
final class DemoText {
  private static final String SUMMARY =
      """

      %s

        shards                 %d -> %d
        rows compared          %s
        rows copied            %s (%s rows/s)
        changes replicated     %s
        transactions written   %s (%s of them after the switch, %s attempts repeated)
        longest wait of a write around the switch   %s ms
        writes refused for                          %s ms, as the switch measured it
        moved rows left for the clean-up            %s""";

  private DemoText() {}

  static String summary(DemoResult result) {
    DemoReport report = result.report();
    Migration migration = result.migration();
    WriterReport writers = result.writers();
    return String.format(
        Locale.ROOT,
        SUMMARY,
        report.equal()
            ? "EQUAL: no write was lost, made up or applied twice; every row is where it belongs."
            : "NOT EQUAL: the comparison found differences.",
        migration.plan().source().owners().size(),
        migration.plan().target().owners().size(),
        Numbers.count(report.rows()),
        Numbers.count(migration.status().rowsCopied()),
        Numbers.count(report.copyRowsPerSecond()),
        Numbers.count(report.changesReplicated()),
        Numbers.count(writers.writes()),
        Numbers.count(result.writesAfterSwitch()),
        Numbers.count(writers.retries()),
        Numbers.count(report.readOnlyMillis()),
        Numbers.count(migration.cutover().readOnlyMillis()),
        Numbers.count(report.strays()));
  }
}
