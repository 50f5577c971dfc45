package io.reshard.planner;

import io.reshard.core.topology.TableRule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Checks of servers, roles and databases. No I/O: all facts have been read. */
final class ServerChecks {
  private static final String UTF8 = "UTF8";

  private final Migration migration;
  private final Inspection inspection;
  private final Findings findings;
  private final List<String> shardIds;

  ServerChecks(Migration migration, Inspection inspection, Findings findings) {
    this.migration = migration;
    this.inspection = inspection;
    this.findings = findings;
    this.shardIds =
        Stream.concat(migration.sources().stream(), migration.targets().stream())
            .distinct()
            .toList();
  }

  void run() {
    Map<String, Long> needed = neededSlots();
    Map<String, String> places = new HashMap<>();
    for (String shardId : shardIds) {
      ShardFacts shard = inspection.shard(shardId);
      ServerFacts server = shard.server();
      findings.add("reachable", shardId, true, "PostgreSQL " + server.version(), null);
      checkServer(shardId, server, needed.get(server.instance()));
      checkRole(shardId, shard);
      checkDatabase(shardId, shard, places);
    }
  }

  /**
   * The forward direction needs a slot on every source, the reverse direction one on every target;
   * both stand at the cutover. Shards may share a server.
   */
  private Map<String, Long> neededSlots() {
    Map<String, Long> needed = new HashMap<>();
    Stream.concat(migration.sources().stream(), migration.targets().stream())
        .map(shardId -> inspection.shard(shardId).server().instance())
        .forEach(instance -> needed.merge(instance, 1L, Long::sum));
    return needed;
  }

  private void checkServer(String shardId, ServerFacts server, long needed) {
    findings.add("server_version", shardId, true, "PostgreSQL " + server.version(), null);
    findings.add(
        "primary_server",
        shardId,
        !server.inRecovery(),
        server.inRecovery() ? "the server is a standby" : "the server takes writes",
        "let the node's url lead to the primary; a replica belongs into readUrl");
    findings.add(
        "wal_level",
        shardId,
        server.walLevel().equals("logical"),
        "wal_level is " + server.walLevel(),
        "set wal_level = logical and restart the server");
    findings.add(
        "replication_slots",
        shardId,
        server.freeSlots() >= needed,
        server.freeSlots() + " free replication slots, " + needed + " needed on this server",
        "drop slots that nobody uses, or raise max_replication_slots and restart the server");
    findings.add(
        "wal_senders",
        shardId,
        server.freeSenders() >= needed,
        server.freeSenders() + " free WAL senders, " + needed + " needed on this server",
        "raise max_wal_senders and restart the server");
  }

  private void checkRole(String shardId, ShardFacts shard) {
    ServerFacts server = shard.server();
    String role = "the role " + server.user();
    findings.add(
        "replication_role",
        shardId,
        server.mayReplicate(),
        role + (server.mayReplicate() ? " may replicate" : " may not replicate"),
        "ALTER ROLE \"" + server.user() + "\" REPLICATION");
    findings.add(
        "session_replication_role",
        shardId,
        server.replicaRole(),
        role + (server.replicaRole() ? " may" : " may not") + " set session_replication_role",
        "GRANT SET ON PARAMETER session_replication_role TO \"" + server.user() + "\"");
    List<String> problems = new ArrayList<>();
    if (!shard.databaseExists() && !server.mayCreateDatabase()) {
      problems.add(role + " may not create databases");
    }
    if (shard.databaseExists() && !server.mayCreateSchema()) {
      problems.add(role + " may not create schemas and publications in " + server.database());
    }
    shard.tables().values().stream()
        .filter(table -> !table.owned())
        .forEach(table -> problems.add(role + " does not own " + table.displayName()));
    shard.tables().values().stream()
        .filter(table -> !table.readable() && !table.policed())
        .forEach(table -> problems.add(role + " may not read " + table.displayName()));
    shard.tables().values().stream()
        .flatMap(table -> table.sequences().stream())
        .filter(sequence -> !sequence.settable())
        .distinct()
        .forEach(
            sequence -> problems.add(role + " may not read and set " + sequence.displayName()));
    findings.add(
        "privileges",
        shardId,
        problems,
        role + " may create what the migration needs",
        "use the role that owns the tables, and give it CREATEDB on nodes with new shards, CREATE"
            + " on the databases, and SELECT and UPDATE on sequences");
  }

  private void checkDatabase(String shardId, ShardFacts shard, Map<String, String> places) {
    ServerFacts server = shard.server();
    findings.add(
        "prepared_transactions",
        shardId,
        server.prepared().isEmpty(),
        server.prepared().isEmpty()
            ? "no prepared transactions"
            : "prepared transactions: " + server.prepared(),
        "COMMIT PREPARED or ROLLBACK PREPARED them: they hold back slots and the fence");
    if (migration.sources().contains(shardId)) {
      findings.add(
          "open_transactions",
          shardId,
          server.openTransactions(),
          "nobody has been writing for long in one transaction",
          "wait for its end, or SELECT pg_terminate_backend(pid), and plan again: a replication"
              + " slot is not made before it has ended");
    }
    String other =
        shard.databaseExists()
            ? places.putIfAbsent(server.instance() + " " + server.database(), shardId)
            : null;
    findings.add(
        "distinct_databases",
        shardId,
        other == null,
        other == null
            ? "no other shard is in this database"
            : "the shard is in the same database as " + other,
        "correct node and database of the shard in the topology");
    checkLocale(shardId, server);
    if (migration.isNew(shardId)) {
      checkExtensions(shardId, server);
      checkRoles(shardId, server);
      findings.add("schema_source", shardId, true, inspection.newShards().basis(), null);
    }
  }

  private void checkLocale(String shardId, ServerFacts server) {
    String first = migration.sources().get(0);
    ServerFacts reference = inspection.shard(first).server();
    List<String> problems = new ArrayList<>();
    if (!server.encoding().equals(reference.encoding())) {
      problems.add(
          "the encoding is "
              + server.encoding()
              + ", but "
              + reference.encoding()
              + " on "
              + first);
    } else if (!server.encoding().equals(UTF8)) {
      problems.add("the encoding is " + server.encoding() + ", but text is routed as UTF-8");
    }
    if (!server.locale().equals(reference.locale())) {
      problems.add(
          "the locale is '" + server.locale() + "', but '" + reference.locale() + "' on " + first);
    } else if (sortsTextKeys()
        && !Objects.equals(server.collationVersion(), reference.collationVersion())) {
      problems.add(
          "the version of the locale's library is "
              + server.collationVersion()
              + ", but "
              + reference.collationVersion()
              + " on "
              + first
              + ": text keys may be in another order");
    }
    findings.add(
        "database_locale",
        shardId,
        problems,
        server.encoding() + ", " + server.locale(),
        "create the shard's database beforehand, empty, with the sources' encoding and locale");
  }

  private boolean sortsTextKeys() {
    return inspection.found().stream()
        .map(inspection::reference)
        .flatMap(table -> table.primaryKey().stream().map(key -> table.column(key).orElseThrow()))
        .anyMatch(
            column ->
                column.collation() == null
                    && (column.type().equals("text") || column.type().startsWith("char")));
  }

  private void checkRoles(String shardId, ServerFacts server) {
    TreeSet<String> needed = new TreeSet<>();
    inspection.found().forEach(rule -> needed.addAll(inspection.reference(rule).objects().roles()));
    needed.addAll(inspection.newShards().roles());
    List<String> problems =
        needed.stream()
            .filter(name -> !server.roles().contains(name))
            .map(name -> "the role " + name + " does not exist")
            .toList();
    findings.add(
        "roles",
        shardId,
        problems,
        needed.isEmpty() ? "none needed" : "there are " + String.join(", ", needed),
        "create the role on the node: it owns a moved table, or may use one");
  }

  private void checkExtensions(String shardId, ServerFacts server) {
    TreeSet<String> needed = new TreeSet<>();
    for (TableRule rule : inspection.found()) {
      needed.addAll(inspection.reference(rule).objects().extensions());
    }
    needed.addAll(inspection.newShards().extensions());
    List<String> problems =
        needed.stream()
            .filter(name -> !server.extensions().contains(name))
            .map(name -> "the extension " + name + " is not available")
            .toList();
    findings.add(
        "extensions",
        shardId,
        problems,
        needed.isEmpty() ? "none needed" : "available: " + String.join(", ", needed),
        "install the extension's files on the server");
  }
}
