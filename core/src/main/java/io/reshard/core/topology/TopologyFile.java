package io.reshard.core.topology;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.json.Documents;
import java.nio.file.Path;

/** Reads a topology from a YAML or JSON file and validates it. */
public final class TopologyFile {
  private TopologyFile() {}

  /**
   * The topology in {@code file}. Errors: {@code invalid_topology}, with the file, the key and the
   * rule.
   */
  public static Topology read(Path file) {
    return TopologyRules.check(
        Documents.readFile(file, Topology.class, ErrorCode.INVALID_TOPOLOGY));
  }
}
