package io.reshard.orchestrator;

import static org.awaitility.Awaitility.await;

import io.reshard.core.topology.Node;
import io.reshard.core.topology.Topology;
import io.reshard.testkit.EmbeddedPostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Base64;

/** Servers that let a role in by TLS alone, and clients that want to see their certificate. */
final class TlsServers {
  private static final String PASSWORD = "changeit";
  private static final String ALIAS = "server";

  private final Path authority;
  private final String certificate;
  private final String key;

  /** Makes a certificate for 127.0.0.1, which is its own authority. */
  TlsServers(Path folder) throws IOException, InterruptedException, GeneralSecurityException {
    Path store = folder.resolve("server.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                ALIAS,
                "-keyalg",
                "RSA",
                "-dname",
                "CN=127.0.0.1",
                "-ext",
                "SAN=IP:127.0.0.1",
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD,
                "-keystore",
                store.toString())
            .inheritIO()
            .start();
    if (keytool.waitFor() != 0) {
      throw new IOException("keytool failed");
    }
    KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
    certificate = pem("CERTIFICATE", keys.getCertificate(ALIAS).getEncoded());
    key = pem("PRIVATE KEY", keys.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded());
    authority = Files.writeString(folder.resolve("ca.pem"), certificate);
  }

  private static String pem(String what, byte[] content) {
    return "-----BEGIN %s-----%n%s%n-----END %s-----%n"
        .formatted(
            what, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content), what);
  }

  /** From now on {@code role} is refused without TLS. */
  void protect(EmbeddedPostgresServer server, String role) throws SQLException {
    try (Connection connection = server.connection("postgres");
        Statement statement = connection.createStatement()) {
      write(connection, "server.crt", certificate);
      write(connection, "server.key", key);
      write(
          connection,
          "pg_hba.conf",
          """
          hostnossl all,replication %s all reject
          host all,replication all all trust
          """
              .formatted(role));
      statement.execute("ALTER SYSTEM SET ssl = on");
      statement.execute("SELECT pg_reload_conf()");
    }
    await().until(() -> speaksTls(server));
  }

  private static boolean speaksTls(EmbeddedPostgresServer server) throws SQLException {
    try (Connection connection = server.connection("postgres");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW ssl")) {
      row.next();
      return row.getString(1).equals("on");
    }
  }

  /** The server itself writes it, so the file is its user's and nobody else's. */
  private static void write(Connection connection, String file, String content)
      throws SQLException {
    try (Statement statement = connection.createStatement();
        PreparedStatement insert = connection.prepareStatement("INSERT INTO lines VALUES (?)")) {
      statement.execute("CREATE TEMP TABLE lines (line text)");
      for (String line : content.lines().toList()) {
        insert.setString(1, line);
        insert.execute();
      }
      statement.execute("COPY lines TO PROGRAM 'umask 077; cat > " + file + "'");
      statement.execute("DROP TABLE lines");
    }
  }

  /** The address, for a client that checks the server's certificate and name. */
  String url(String plain) {
    return plain + "?sslmode=verify-full&sslrootcert=" + authority;
  }

  /** The topology for such clients. */
  Topology of(Topology plain) {
    return new Topology(
        plain.version(),
        plain.routing(),
        plain.nodes().stream()
            .map(
                node ->
                    new Node(
                        node.id(), url(node.url()), node.user(), node.password(), node.readUrl()))
            .toList(),
        plain.shards(),
        plain.tables());
  }
}
