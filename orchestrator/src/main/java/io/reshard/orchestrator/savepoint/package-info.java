/** What a savepoint holds, read by the job's own classes, and whether it can be resumed. */
package io.reshard.orchestrator.savepoint;
