package io.reshard.orchestrator.savepoint;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.reshard.core.savepoint.SavepointContent.TableContent;
import java.util.List;

/** The document of {@code savepoint inspect --json}. */
@JsonPropertyOrder({"path", "operationId", "resumable", "tables", "sources"})
public record SavepointReport(
    String path, String operationId, List<TableContent> tables, List<SourceReport> sources) {
  /**
   * A source of it. Positions are log sequence numbers as PostgreSQL writes them, null where there
   * is none.
   */
  public record SourceReport(
      String source,
      String slot,
      String position,
      String slotPosition,
      long heartbeatNumber,
      SlotVerdict slotServes) {}

  /** Whether every slot can serve it; null if that is not known. */
  @JsonProperty
  public Boolean resumable() {
    if (sources.stream().anyMatch(one -> one.slotServes().refuses())) {
      return false;
    }
    return sources.stream().allMatch(one -> one.slotServes() == SlotVerdict.SERVES) ? true : null;
  }
}
