/** Reports of the job to the control database. */
package io.reshard.job.progress;
