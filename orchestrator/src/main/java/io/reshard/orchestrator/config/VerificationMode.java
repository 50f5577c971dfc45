package io.reshard.orchestrator.config;

/** What a verification compares. */
public enum VerificationMode {
  COUNT,
  CHECKSUM,
  COUNT_AND_CHECKSUM
}
