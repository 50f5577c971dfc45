/**
 * The migration job's entry: arguments, preparation of the sources, and the job graph. Knows the
 * plan file and core, nothing of planner, verifier or orchestrator.
 */
package io.reshard.job;
