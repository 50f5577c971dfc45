package io.reshard.core.savepoint;

import io.reshard.core.plan.Plan;
import java.util.function.Function;

/**
 * Reads savepoints and retained checkpoints of the migration job. Implemented in the job, since
 * only the job knows its state, and found by a {@link java.util.ServiceLoader} over the job's jar.
 */
public interface SavepointInspector {
  /**
   * Reads a savepoint without changing it.
   *
   * @param path the URI of its folder
   * @param plans gives the plan of the operation with an id
   * @throws io.reshard.core.error.ReshardingException {@code invalid_arguments} if there is no
   *     savepoint of a migration job, and what {@code plans} throws
   */
  SavepointContent inspect(String path, Function<String, Plan> plans);
}
