package io.reshard.job.apply;

import java.sql.SQLException;
import java.util.Collection;
import java.util.List;

/** Reads rows by key as they are now. */
interface RowSource extends AutoCloseable {
  /** What {@code target} is to hold for the keys, by a snapshot that is taken now. */
  ChangeBlock read(int table, int source, int target, Collection<List<String>> keys);

  @Override
  void close() throws SQLException;
}
