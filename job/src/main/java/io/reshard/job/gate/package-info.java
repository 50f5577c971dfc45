/**
 * Between change capture and merge: heartbeats become watermarks, and changes of a table wait until
 * its copy is complete.
 */
package io.reshard.job.gate;
