package io.reshard.verifier;

import io.reshard.core.error.ErrorType;
import io.reshard.core.error.ReshardingException;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** What surrounds the submission of the job: its configuration, and errors of the caller. */
final class Submission {
  private static final int BAD_ARGUMENTS = 2;

  private Submission() {}

  /** Work that may fail in any way. */
  @FunctionalInterface
  interface Work {
    void run() throws Exception;
  }

  /**
   * Runs {@code work}. A mistake of the caller ends the process with exit code 2, if it is the
   * caller's own: the JobManager also runs this code, for a jar that was uploaded, and must live.
   */
  static void run(Work work) throws Exception {
    try {
      work.run();
    } catch (ReshardingException e) {
      boolean ownProcess = Thread.currentThread().getName().equals("main");
      if (!ownProcess || e.errorCode().type() != ErrorType.USER) {
        throw e;
      }
      System.err.println("reshard: error " + e.errorCode().code() + ": " + e.getMessage());
      System.exit(BAD_ARGUMENTS);
    }
  }

  /**
   * The environment to submit to. The job is not restarted, and makes no checkpoints: readings are
   * repeated where they fail, and with a run that failed nevertheless another job goes on. What it
   * has found out is in the control database.
   */
  static StreamExecutionEnvironment environment() {
    Configuration configuration = new Configuration();
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
    configuration.set(PipelineOptions.GENERIC_TYPES, false);
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    environment.getCheckpointConfig().disableCheckpointing();
    return environment;
  }

  static String jobName(Verification verification) {
    return "Verification of " + verification.plan().planId() + ", run " + verification.run();
  }
}
