package io.reshard.orchestrator.state;

import io.reshard.core.error.ReshardingException;

/** Why an operation failed or, in a phase that is not terminal, why it pauses. */
public record OperationError(String code, String message) {
  public static OperationError of(ReshardingException error) {
    return new OperationError(error.errorCode().code(), error.getMessage());
  }
}
