package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.savepoint.SavepointReport;
import io.reshard.orchestrator.savepoint.Savepoints;
import io.reshard.orchestrator.savepoint.SlotVerdict;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import java.nio.file.Path;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Savepoints of the real job, with the truth known from the databases. */
class SavepointInspectionITCase {
  @TempDir private Path folder;

  @Test
  void aSavepointSaysWhatItHoldsAndWhetherItCanBeResumed() throws Exception {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 2, 1_000).to(3)) {
      migration.drive(Phase.REPLICATING);
      OperationContext context = migration.context();
      String job = new OperationStore(context.control()).get(context.operationId()).jobId();
      String savepoint =
          context
              .cluster()
              .orElseThrow()
              .stopWithSavepoint(JobID.fromHexString(job), folder.toUri().toString());
      SavepointReport report =
          new Savepoints(context.control(), plan -> context.secrets())
              .inspect(savepoint, id -> migration.plan());
      assertThat(report.sources()).extracting("slotServes").containsOnly(SlotVerdict.SERVES);
    }
  }
}
