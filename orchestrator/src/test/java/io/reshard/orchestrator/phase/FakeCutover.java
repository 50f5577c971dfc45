package io.reshard.orchestrator.phase;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.shard.Heartbeat;
import io.reshard.core.shard.ShardSchema;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** A cutover that switches the topology and nothing else, unless a test has it fail. */
final class FakeCutover implements CutoverProcedure {
  Optional<ReshardingException> failure = Optional.empty();
  final Map<String, CutoverStatus> statuses = new HashMap<>();
  int undone;

  @Override
  public CutoverReport run(OperationContext context) {
    failure.ifPresent(
        e -> {
          throw e;
        });
    if (!context.plan().isReverse()) {
      prepareWayBack(context);
    }
    long version = context.plan().source().version();
    context
        .control()
        .call(
            "switch",
            jdbi ->
                jdbi.inTransaction(
                    handle -> {
                      TopologyStore.compareAndSet(handle, version, context.plan().target());
                      return null;
                    }));
    statuses.put(context.operationId(), CutoverStatus.SWITCHED);
    return new CutoverReport(true, version + 1, 12, 5, "open");
  }

  /** Of the change capture of the new shards only what the clean-up asks for. */
  private static void prepareWayBack(OperationContext context) {
    for (String target : context.plan().targets()) {
      try (Connection connection = context.endpoint(target).connect("test")) {
        ShardSchema.ensure(connection);
        Heartbeat.register(connection, context.reversed().operationId());
      } catch (SQLException e) {
        throw new ReshardingException(ErrorCode.TARGET_UNAVAILABLE, e.getMessage(), e);
      }
    }
  }

  @Override
  public CutoverReport rehearse(OperationContext context) {
    return new CutoverReport(false, context.plan().source().version(), 0, 0, "open");
  }

  @Override
  public void undo(OperationContext context) {
    undone++;
    statuses.replace(context.operationId(), CutoverStatus.OPEN, CutoverStatus.ABORTED);
  }

  @Override
  public void validateForeignKeys(OperationContext context) {}

  @Override
  public Optional<CutoverStatus> status(OperationContext context) {
    return Optional.ofNullable(statuses.get(context.operationId()));
  }

  @Override
  public void close(OperationContext context) {
    CutoverStatus status = status(context).orElse(CutoverStatus.ABORTED);
    if (status != CutoverStatus.ABORTED && status != CutoverStatus.CLOSED) {
      throw new ReshardingException(ErrorCode.INVALID_PHASE_TRANSITION, "it is being rolled back");
    }
    statuses.put(context.operationId(), CutoverStatus.CLOSED);
  }
}
