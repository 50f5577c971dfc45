package io.reshard.planner;

import io.reshard.core.postgres.Endpoint;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** PostgreSQL's own client for dumps, where it is installed. The password goes by environment. */
final class PgDump {
  private static final Pattern VERSION = Pattern.compile("pg_dump \\(PostgreSQL\\) (\\d+).*");

  /** Limits that newer servers alone know, and psql's own commands. */
  private static final Pattern NOT_FOR_US =
      Pattern.compile("(?m)^(SET \\w+_timeout = 0;|\\\\(un)?restrict .*)$");

  private static final String LOCK_TIMEOUT = "--lock-wait-timeout=10s";

  private final String program;
  private final String version;

  private PgDump(String program, String version) {
    this.program = program;
    this.version = version;
  }

  /** The client, if it can be run. */
  static Optional<PgDump> find(String program) {
    try {
      String answer = run(List.of(program, "--version"), Map.of());
      Matcher matcher = VERSION.matcher(answer.strip());
      return matcher.matches()
          ? Optional.of(new PgDump(program, matcher.group(1)))
          : Optional.empty();
    } catch (IOException notThere) {
      return Optional.empty();
    }
  }

  /** The major version. */
  int version() {
    return Integer.parseInt(version);
  }

  /**
   * All that has to be there before rows come, of whole schemas and all extensions, as one script
   * for a database that has none of it.
   */
  String beforeRows(Endpoint endpoint, Collection<String> schemas) throws SQLException {
    return dump(endpoint, schemas, List.of("--section=pre-data", "--extension=*"))
        .replaceAll("(?m)^CREATE SCHEMA ", "CREATE SCHEMA IF NOT EXISTS ");
  }

  /**
   * Indexes, constraints, triggers and rules of whole schemas, but not those of some tables and
   * their partitions.
   */
  String afterRows(Endpoint endpoint, Collection<String> schemas, Collection<TableFacts> without)
      throws SQLException {
    List<String> options = new ArrayList<>(List.of("--section=post-data"));
    for (TableFacts table : without) {
      options.add("--exclude-table=" + pattern(table.schema(), table.name()));
      for (PartitionFacts partition : table.partitions()) {
        options.add("--exclude-table=" + pattern(partition.schema(), partition.name()));
      }
    }
    return dump(endpoint, schemas, options);
  }

  private String dump(Endpoint endpoint, Collection<String> schemas, List<String> options)
      throws SQLException {
    List<String> command =
        new ArrayList<>(List.of(program, "--schema-only", "--no-password", LOCK_TIMEOUT));
    command.addAll(options);
    schemas.forEach(schema -> command.add("--schema=" + quoted(schema)));
    command.addAll(List.of("--host=" + endpoint.host(), "--port=" + endpoint.port()));
    if (endpoint.user() != null) {
      command.add("--username=" + endpoint.user());
    }
    command.add("--dbname=" + endpoint.database());
    Map<String, String> environment = environment(endpoint);
    try {
      return NOT_FOR_US.matcher(run(command, environment)).replaceAll("");
    } catch (IOException e) {
      throw new SQLException(e.getMessage(), e);
    }
  }

  /** The password, and what the URL asks of TLS, in libpq's names. */
  static Map<String, String> environment(Endpoint endpoint) {
    Map<String, String> environment = new HashMap<>();
    if (endpoint.password() != null) {
      environment.put("PGPASSWORD", endpoint.password());
    }
    for (String setting : List.of("sslmode", "sslrootcert", "sslcert", "sslkey")) {
      endpoint
          .setting(setting)
          .ifPresent(value -> environment.put("PG" + setting.toUpperCase(Locale.ROOT), value));
    }
    return environment;
  }

  /** Patterns take what stands in quotes literally. */
  private static String pattern(String schema, String name) {
    return quoted(schema) + "." + quoted(name);
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** What it writes; its warnings must not get into a script. */
  private static String run(List<String> command, Map<String, String> environment)
      throws IOException {
    Path errors = Files.createTempFile("reshard-dump-", ".err");
    try {
      ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      try (InputStream output = process.getInputStream()) {
        String text = new String(output.readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
          throw new IOException(command.get(0) + " failed: " + Files.readString(errors).strip());
        }
        return text;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(command.get(0) + " was interrupted", e);
      } finally {
        process.destroy();
      }
    } finally {
      Files.delete(errors);
    }
  }
}
