package io.reshard.orchestrator.phase;

import io.reshard.core.json.Documents;
import io.reshard.orchestrator.hook.HookEvent;
import io.reshard.orchestrator.hook.PhaseCallback;
import io.reshard.orchestrator.hook.TimedHooks;
import io.reshard.orchestrator.state.Phase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the operator's callback of completed phases; nothing that it does holds anything up. */
final class PhaseNews {
  private static final Logger LOG = LoggerFactory.getLogger(PhaseNews.class);

  private PhaseNews() {}

  /** {@code phase} has just been stored as completed. */
  static void tell(OperationContext context, Phase phase) {
    context.options().onPhaseCompleted().ifPresent(callback -> tell(context, phase, callback));
  }

  private static void tell(OperationContext context, Phase phase, PhaseCallback callback) {
    String id = context.operationId();
    String status = Documents.toJson(new StatusReader(context.control()).read(id));
    TimedHooks.tell(callback, new HookEvent(id, phase, status), TimedHooks.TIMEOUT)
        .ifPresent(trouble -> LOG.warn("onPhaseCompleted: {}", trouble));
  }
}
