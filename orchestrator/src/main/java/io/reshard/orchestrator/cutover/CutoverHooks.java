package io.reshard.orchestrator.cutover;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.hook.HookEvent;
import io.reshard.orchestrator.hook.TimedHooks;
import io.reshard.orchestrator.phase.StatusReader;
import io.reshard.orchestrator.state.Phase;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The operator's own part in a cutover: a gate that may refuse it, and a swap that follows it. */
final class CutoverHooks {
  private static final Logger LOG = LoggerFactory.getLogger(CutoverHooks.class);

  private final Plan plan;
  private final ControlDatabase control;
  private final CutoverSettings settings;

  CutoverHooks(Plan plan, ControlDatabase control, CutoverSettings settings) {
    this.plan = plan;
    this.control = control;
    this.settings = settings;
  }

  /** {@code cutover_aborted} if the gate refuses, or does not answer in time. */
  void askGate(Deadline deadline) {
    settings
        .gateHook()
        .flatMap(
            hook ->
                TimedHooks.ask(
                    hook,
                    event(new StatusReader(control).read(plan.forwardId())),
                    Collections.min(List.of(TimedHooks.TIMEOUT, deadline.left("gate hook")))))
        .ifPresent(
            refusal -> {
              throw Gate.refuse(refusal);
            });
  }

  /** Behind the switch there is no way but forward: a swap that fails is reported, not undone. */
  void callSwap() {
    settings
        .onSwitch()
        .flatMap(
            swap ->
                TimedHooks.ask(
                    swap,
                    event(
                        Map.of("id", plan.forwardId(), "topologyVersion", plan.target().version())),
                    settings.timeout()))
        .ifPresent(
            trouble ->
                LOG.error(
                    "the topology has switched, but run your own swap again by hand: {}", trouble));
  }

  private HookEvent event(Object document) {
    return new HookEvent(plan.forwardId(), Phase.CUTTING_OVER, Documents.toJson(document));
  }
}
