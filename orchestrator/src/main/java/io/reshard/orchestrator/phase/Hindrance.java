package io.reshard.orchestrator.phase;

/** Why an operation does not move, and what a person can do. */
public record Hindrance(String reason, String remedy) {}
