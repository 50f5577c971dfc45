package io.reshard.planner;

import java.util.List;

/**
 * A partition of a moved table, at whatever depth.
 *
 * @param place the bounds that lead to it from the root, and the keys that they are of
 * @param creation DDL that makes it where its parent stands, and what its parent does not give it
 * @param obstacles what it has of its own that cannot be moved, in words
 */
record PartitionFacts(
    String schema,
    String name,
    long oid,
    String place,
    List<String> creation,
    List<String> obstacles) {

  String displayName() {
    return schema + "." + name;
  }
}
