package io.reshard.core.control;

import io.reshard.core.TestServer;
import io.reshard.core.postgres.Endpoint;
import java.sql.SQLException;

/** Control databases of tests. */
public final class TestControl {
  private TestControl() {}

  public static ControlDatabase create() throws SQLException {
    String url = TestServer.nodeUrl() + TestServer.createDatabase();
    return new ControlDatabase(new Endpoint("control database", url, "postgres", "postgres"))
        .migrate();
  }
}
