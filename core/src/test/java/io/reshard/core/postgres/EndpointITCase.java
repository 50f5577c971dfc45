package io.reshard.core.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.TestServer;
import io.reshard.core.shard.ShardSchema;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.postgresql.PGProperty;

class EndpointITCase {
  @Test
  void commitsDurablyWhateverTheDatabasesDefault() throws Exception {
    String database = TestServer.createDatabase();
    TestServer.run(database, "ALTER DATABASE " + database + " SET synchronous_commit = off");
    Endpoint endpoint =
        new Endpoint("shard", TestServer.nodeUrl() + database, "postgres", "postgres");
    Properties own = new Properties();
    PGProperty.OPTIONS.set(own, ShardSchema.OWN_SESSION);

    try (Connection plain = endpoint.connect("test");
        Connection marked = endpoint.connect("test", own)) {
      assertThat(setting(plain, "synchronous_commit")).isEqualTo("on");
      assertThat(setting(marked, "synchronous_commit")).isEqualTo("on");
      assertThat(setting(marked, "reshard.session")).isEqualTo("on");
    }
  }

  private static String setting(Connection connection, String name) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW " + name)) {
      row.next();
      return row.getString(1);
    }
  }
}
