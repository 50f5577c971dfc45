package io.reshard.job;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.job.change.CapturedTable;
import io.reshard.job.change.ChangeSourceSettings;
import io.reshard.job.change.KeyColumn;
import java.util.ArrayList;
import java.util.List;

/** Translates a plan into the settings of one change source. */
final class CaptureSettings {
  private CaptureSettings() {}

  static ChangeSourceSettings of(Migration migration, CaptureRecord capture) {
    Plan plan = migration.plan();
    List<CapturedTable> tables = new ArrayList<>();
    for (PlannedTable table : plan.tables()) {
      List<KeyColumn> key =
          table.primaryKey().stream()
              .map(column -> new KeyColumn(column, table.typeOf(column)))
              .toList();
      tables.add(new CapturedTable((short) tables.size(), table.schema(), table.name(), key));
    }
    return new ChangeSourceSettings(
        (short) plan.shardOrdinal(capture.source()),
        migration.endpoint(capture.source()),
        capture.slot(),
        capture.publication(),
        migration.operationId(),
        tables);
  }
}
