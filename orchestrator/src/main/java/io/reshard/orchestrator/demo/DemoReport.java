package io.reshard.orchestrator.demo;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * What {@code demo --json} writes.
 *
 * @param equal whether the independent verdict found nothing wrong
 * @param rows rows that the shards own after the switch, each of which was judged
 * @param changesReplicated rows merged from change capture
 * @param copyRowsPerSecond of the copy itself, without the start of the job
 * @param readOnlyMillis the longest time that any write had to wait around the switch
 * @param strays moved rows that wait on their old shards for the clean-up
 */
@JsonPropertyOrder({
  "equal",
  "rows",
  "changesReplicated",
  "copyRowsPerSecond",
  "readOnlyMillis",
  "strays"
})
public record DemoReport(
    boolean equal,
    long rows,
    long changesReplicated,
    long copyRowsPerSecond,
    long readOnlyMillis,
    long strays) {}
