/** Sessions that write to targets, under the epoch of the job's attempt. */
package io.reshard.job.target;
