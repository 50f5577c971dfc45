package io.reshard.testkit;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * Opens a new connection to one database. The caller closes it. Implementations are safe for use by
 * several threads.
 */
@FunctionalInterface
public interface ConnectionSource {
  Connection open() throws SQLException;
}
