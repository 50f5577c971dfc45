package io.reshard.job.target;

import org.apache.flink.runtime.executiongraph.ExecutionAttemptID;

/** Names the attempt that a subtask belongs to. */
public final class Attempt {
  private Attempt() {}

  /**
   * The same for all subtasks of one attempt and different for any other: Flink restarts all of
   * this job's tasks together (it is one pipelined region), so they share the attempt number, and
   * each JobManager numbers anew under an execution graph of its own.
   */
  public static String execution(ExecutionAttemptID id) {
    String text = id.toString();
    return text.substring(0, text.indexOf('_')) + "_" + id.getAttemptNumber();
  }
}
