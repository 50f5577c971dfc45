package io.reshard.job;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlanFile;
import io.reshard.core.plan.Split;
import io.reshard.core.postgres.Secrets;
import io.reshard.job.apply.ChangeBlock;
import io.reshard.job.apply.ChangeWriter;
import io.reshard.job.apply.RowFetcher;
import io.reshard.job.change.ChangeEvent;
import io.reshard.job.change.ChangeSource;
import io.reshard.job.copy.CopyBlock;
import io.reshard.job.copy.CopyTracker;
import io.reshard.job.copy.CopyTrackerFactory;
import io.reshard.job.copy.CopyWriter;
import io.reshard.job.copy.SplitCommitted;
import io.reshard.job.copy.SplitSource;
import io.reshard.job.copy.TableCopied;
import io.reshard.job.gate.Bucket;
import io.reshard.job.gate.ChangeGate;
import io.reshard.job.gate.HeartbeatGuard;
import io.reshard.job.progress.ProgressSink;
import io.reshard.job.progress.ProgressUpdate;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The migration job. An operator's name is for people who know databases, and may change; its id is
 * for savepoints.
 *
 * <pre>
 *  SplitSource ──CopyBlock──▶ (by split and target) CopyWriter ──SplitCommitted──▶ CopyTracker
 *  COPY OUT                   COPY IN, one transaction                             builds indexes
 *                             per split and target                                      │
 *                                                                              TableCopied (broadcast)
 *                                                                                       ▼
 *  changes of shard-0 ─┐ ChangeEvent                                              ChangeGate
 *  changes of shard-1 ─┼─▶ (by table and hash of the primary key) ───────────────▶ RocksDB
 *  heartbeats ▶ watermarks                                                              │ keys
 *                                                                                       ▼
 *  control database ◀── progress ◀── ChangeWriter ◀── (by lane and target) ChangeBlock ── RowFetcher
 *                                    delete + COPY IN                               COPY OUT by key
 * </pre>
 */
public final class MigrationJob {
  private MigrationJob() {}

  /** Arguments: {@code --plan FILE --secrets FILE}. */
  public static void main(String[] arguments) throws Exception {
    JobArguments parsed = JobArguments.parse(arguments);
    Plan plan = PlanFile.read(parsed.plan());
    JobPreparation.Prepared prepared =
        new JobPreparation(plan, Secrets.read(parsed.secrets())).run();
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    JobDefaults.apply(environment);
    build(environment, prepared.migration(), prepared.captures(), plan.splits());
    environment.execute("reshard " + plan.planId());
  }

  static void build(
      StreamExecutionEnvironment environment,
      Migration migration,
      List<CaptureRecord> captures,
      List<Split> splits) {
    SingleOutputStreamOperator<TableCopied> copied = copy(environment, migration, splits);
    DataStream<ChangeEvent> changes = changes(environment, migration, captures);
    DataStream<ProgressUpdate> replicated =
        changes
            .keyBy(new Bucket())
            .connect(copied.broadcast())
            .transform(
                "Hold back changes until their table is copied",
                TypeInformation.of(ChangeEvent.class),
                new ChangeGate())
            .uid(OperatorIds.CHANGE_GATE)
            .transform(
                "Read changed rows again",
                TypeInformation.of(ChangeBlock.class),
                new RowFetcher(migration))
            .uid(OperatorIds.ROW_FETCHER)
            .disableChaining()
            .partitionCustom(Lanes.of(migration), block -> Lanes.key(block.lane, block.target))
            .transform(
                "Write changed rows",
                TypeInformation.of(ProgressUpdate.class),
                new ChangeWriter(migration))
            .uid(OperatorIds.CHANGE_WRITER);
    replicated
        .union(copied.getSideOutput(CopyTracker.PROGRESS))
        .sinkTo(
            ProgressSink.create(migration.operationId(), migration.secrets().control().endpoint()))
        .name("Note progress")
        .uid(OperatorIds.PROGRESS)
        .setParallelism(1);
  }

  private static SingleOutputStreamOperator<TableCopied> copy(
      StreamExecutionEnvironment environment, Migration migration, List<Split> splits) {
    return environment
        .fromSource(
            new SplitSource(migration, splits),
            WatermarkStrategy.noWatermarks(),
            "Read rows to copy",
            TypeInformation.of(CopyBlock.class))
        .uid(OperatorIds.SPLIT_SOURCE)
        .partitionCustom(Lanes.of(migration), block -> Lanes.key(block.split, block.target))
        .transform(
            "Write copied rows",
            TypeInformation.of(SplitCommitted.class),
            new CopyWriter(migration))
        .uid(OperatorIds.COPY_WRITER)
        .transform(
            "Build indexes when a table is copied",
            TypeInformation.of(TableCopied.class),
            new CopyTrackerFactory(migration, splits))
        .uid(OperatorIds.COPY_TRACKER)
        .setParallelism(1)
        .disableChaining();
  }

  private static DataStream<ChangeEvent> changes(
      StreamExecutionEnvironment environment, Migration migration, List<CaptureRecord> captures) {
    DataStream<ChangeEvent> all = null;
    for (CaptureRecord capture : captures) {
      DataStream<ChangeEvent> one =
          environment
              .fromSource(
                  ChangeSource.of(CaptureSettings.of(migration, capture)),
                  WatermarkStrategy.noWatermarks(),
                  "Capture changes of " + capture.source(),
                  TypeInformation.of(ChangeEvent.class))
              .uid(OperatorIds.changes(capture.source()))
              .setParallelism(1)
              .transform(
                  "Check that no change is missing of " + capture.source(),
                  TypeInformation.of(ChangeEvent.class),
                  new HeartbeatGuard(migration, capture))
              .uid(OperatorIds.heartbeats(capture.source()))
              .setParallelism(1);
      all = all == null ? one : all.union(one);
    }
    return all;
  }
}
