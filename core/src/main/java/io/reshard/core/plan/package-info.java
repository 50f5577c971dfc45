/**
 * The plan file: all that planner, job, verifier and orchestrator have in common about one
 * migration. Holds no password. Opens no connection.
 */
package io.reshard.core.plan;
