package io.reshard.planner;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * A server and a role on it, as a session sees them.
 *
 * @param instance the same for two sessions on one running server, and only then
 * @param freeSlots replication slots that may still be made
 * @param freeSenders processes that may still be started to stream changes
 * @param replicaRole whether the role may set {@code session_replication_role}
 * @param locale encoding and collation of the database
 * @param collationVersion of the library that sorts the database's text; or null
 * @param prepared global ids of prepared transactions of the database
 * @param openTransactions who has been writing for too long, on the whole server
 * @param roles names of all roles
 * @param extensions names of the extensions that can be created here
 * @param localDirectory of the server's data, if the session does not leave the server's machine
 *     and the role may know it; or null
 */
record ServerFacts(
    String version,
    String instance,
    String database,
    String user,
    String walLevel,
    long freeSlots,
    long freeSenders,
    boolean mayReplicate,
    boolean replicaRole,
    boolean mayCreateDatabase,
    boolean mayCreateSchema,
    boolean inRecovery,
    String encoding,
    String locale,
    String collationVersion,
    List<String> prepared,
    List<String> openTransactions,
    List<String> roles,
    List<String> extensions,
    String localDirectory) {

  /** The first version that is supported, as {@code server_version_num} counts. */
  static final int LEAST_VERSION = 150_000;

  private static final String QUERY =
      """
      SELECT current_setting('server_version') AS version,
        pg_catalog.pg_postmaster_start_time()::text || ' ' || coalesce(host(inet_server_addr()), '')
          || ' ' || coalesce(inet_server_port(), 0) AS instance,
        current_database() AS database, current_user::text AS role,
        current_setting('wal_level') AS wal_level,
        current_setting('max_replication_slots')::bigint
          - (SELECT count(*) FROM pg_catalog.pg_replication_slots) AS free_slots,
        current_setting('max_wal_senders')::bigint
          - (SELECT count(*) FROM pg_catalog.pg_stat_replication) AS free_senders,
        r.rolreplication OR r.rolsuper AS may_replicate,
        pg_catalog.has_parameter_privilege('session_replication_role', 'SET') AS replica_role,
        r.rolcreatedb OR r.rolsuper AS may_create_database,
        pg_catalog.has_database_privilege(current_database(), 'CREATE') AS may_create_schema,
        pg_catalog.pg_is_in_recovery() AS in_recovery,
        pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
        concat_ws(' ', d.datlocprovider, d.datcollate, d.datctype,
          coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale')) AS locale,
        pg_catalog.pg_database_collation_actual_version(d.oid) AS collation_version,
        ARRAY(SELECT rolname FROM pg_catalog.pg_roles)::text[] AS roles,
        ARRAY(SELECT x.gid FROM pg_catalog.pg_prepared_xacts x
          WHERE x.database = current_database())::text[] AS prepared,
        ARRAY(SELECT format('pid %s of %s, open for %s s in the database %s', a.pid,
              coalesce(nullif(a.application_name, ''), a.backend_type),
              floor(extract(epoch FROM clock_timestamp() - a.xact_start)), a.datname)
            FROM pg_catalog.pg_stat_activity a
            WHERE a.backend_xid IS NOT NULL
              AND a.xact_start <= clock_timestamp() - make_interval(secs => ?)
            ORDER BY a.xact_start)::text[] AS open_transactions,
        ARRAY(SELECT e.name FROM pg_catalog.pg_available_extensions e)::text[] AS extensions,
        CASE WHEN coalesce(inet_server_addr(), '127.0.0.1') <<= ANY ('{127.0.0.0/8,::1}'::inet[])
          THEN (SELECT s.setting FROM pg_catalog.pg_settings s WHERE s.name = 'data_directory')
          END AS local_directory
      FROM pg_catalog.pg_roles r
      JOIN pg_catalog.pg_database d ON d.datname = coalesce(?, current_database())
      WHERE r.rolname = current_user
      """;

  int majorVersion() {
    return Integer.parseInt(version.replaceFirst("\\D.*", ""));
  }

  /** The session's own database. */
  static ServerFacts of(Session session, Duration openTransactionAge) throws SQLException {
    return read(session, openTransactionAge, null);
  }

  /** What a database will be like that is created on the session's server. */
  static ServerFacts ofTemplate(Session session, Duration openTransactionAge) throws SQLException {
    return read(session, openTransactionAge, "template1");
  }

  private static ServerFacts read(Session session, Duration openTransactionAge, String database)
      throws SQLException {
    requireSupported(session);
    double seconds = openTransactionAge.toMillis() / 1000.0;
    return session.one(QUERY, ServerFacts::read, seconds, database);
  }

  private static ServerFacts read(ResultSet row) throws SQLException {
    return new ServerFacts(
        row.getString("version"),
        row.getString("instance"),
        row.getString("database"),
        row.getString("role"),
        row.getString("wal_level"),
        row.getLong("free_slots"),
        row.getLong("free_senders"),
        row.getBoolean("may_replicate"),
        row.getBoolean("replica_role"),
        row.getBoolean("may_create_database"),
        row.getBoolean("may_create_schema"),
        row.getBoolean("in_recovery"),
        row.getString("encoding"),
        row.getString("locale"),
        row.getString("collation_version"),
        Session.strings(row, "prepared"),
        Session.strings(row, "open_transactions"),
        Session.strings(row, "roles"),
        Session.strings(row, "extensions"),
        row.getString("local_directory"));
  }

  /** Older servers lack functions that the facts are read with. */
  private static void requireSupported(Session session) throws SQLException {
    int number =
        session.one("SELECT current_setting('server_version_num')::int", row -> row.getInt(1));
    if (number < LEAST_VERSION) {
      throw new SQLException(
          "it runs PostgreSQL " + number / 10_000 + "; upgrade it to PostgreSQL 15 or newer");
    }
  }
}
