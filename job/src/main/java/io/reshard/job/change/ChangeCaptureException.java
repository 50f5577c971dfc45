package io.reshard.job.change;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import org.apache.flink.runtime.execution.SuppressRestartsException;

/** Change capture failed. */
public class ChangeCaptureException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  ChangeCaptureException(String message) {
    super(message);
  }

  ChangeCaptureException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * An exception that makes Flink fail the job at once, whatever its restart strategy, because a
   * restart could only lose changes or fail in the same way.
   */
  static SuppressRestartsException forGood(ErrorCode code, String message) {
    return new SuppressRestartsException(new ReshardingException(code, message));
  }
}
