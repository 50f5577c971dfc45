package io.reshard.planner;

import io.reshard.core.topology.TableRule;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** Reads one table out of a shard's catalog. */
final class TableInspector {
  private static final String TABLE =
      """
      SELECT c.oid::bigint AS oid, n.nspname, c.relname, c.relkind, c.relpersistence,
        c.relreplident,
        EXISTS (SELECT FROM pg_catalog.pg_inherits i
          WHERE c.oid IN (i.inhrelid, i.inhparent)) AS inherits,
        (SELECT format('%s.%s', rn.nspname, r.relname) FROM pg_catalog.pg_class r
          JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
          WHERE c.relispartition AND r.oid = pg_catalog.pg_partition_root(c.oid)) AS root,
        (SELECT bool_and(pg_catalog.pg_has_role(o.relowner, 'USAGE')) FROM pg_catalog.pg_class o
          WHERE o.oid IN (SELECT c.oid
            UNION SELECT relid FROM pg_catalog.pg_partition_tree(c.oid))) AS owned,
        pg_catalog.has_table_privilege(c.oid, 'SELECT')
          AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS may_select,
        pg_catalog.row_security_active(c.oid) AS policed,
        array_to_string(c.reloptions, ', ') AS options,
        ARRAY(SELECT format('rule %s', r.rulename) FROM pg_catalog.pg_rewrite r
            WHERE r.ev_class = c.oid AND c.relkind IN ('r', 'p')
          UNION ALL SELECT format('row security policy %s', p.polname)
            FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid
          UNION ALL SELECT 'row security' WHERE c.relrowsecurity)::text[] AS rewritten,
        ARRAY(SELECT g.tgname FROM pg_catalog.pg_trigger g
          JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
          JOIN pg_catalog.pg_namespace f ON f.oid = p.pronamespace AND f.nspname <> 'reshard'
          WHERE g.tgrelid = c.oid AND NOT g.tgisinternal
            AND g.tgenabled IN ('A', 'R'))::text[] AS firing,
        ARRAY(SELECT s.subname FROM pg_catalog.pg_subscription_rel r
          JOIN pg_catalog.pg_subscription s ON s.oid = r.srsubid
          WHERE r.srrelid = c.oid)::text[] AS subscriptions
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ? AND c.relname = ?
      """;

  private final Session session;

  TableInspector(Session session) {
    this.session = session;
  }

  /** The table of {@code rule}; empty if the shard has none of that name. */
  Optional<TableFacts> inspect(TableRule rule) throws SQLException {
    Optional<Long> oid =
        session.first(TABLE, row -> row.getLong("oid"), rule.schema(), rule.table());
    return oid.isEmpty() ? Optional.empty() : Optional.of(inspect(rule, oid.get()));
  }

  private TableFacts inspect(TableRule rule, long oid) throws SQLException {
    SchemaObjects objects =
        new SchemaObjects(
            new LinkedHashSet<>(),
            new LinkedHashSet<>(),
            new LinkedHashSet<>(),
            new TreeSet<>(),
            new TreeSet<>(),
            new TreeSet<>());
    objects.schemas().add(rule.schema());
    List<SequenceFacts> sequences = new SequenceInspector(session).sequences(oid);
    sequences.forEach(sequence -> objects.schemas().add(sequence.schema()));
    List<ColumnFacts> columns = new ColumnInspector(session, objects).columns(oid);
    ConstraintInspector constraints = new ConstraintInspector(session);
    List<PartitionFacts> partitions = new PartitionInspector(session).partitions(oid);
    List<String> followUps = followUps(oid, sequences, objects);
    for (PartitionFacts partition : partitions) {
      followUps.addAll(followUps(partition.oid(), List.of(), objects));
    }
    return session.one(
        TABLE,
        row -> facts(row, columns, constraints, partitions, sequences, followUps, objects),
        rule.schema(),
        rule.table());
  }

  private List<String> followUps(long oid, List<SequenceFacts> sequences, SchemaObjects objects)
      throws SQLException {
    List<String> statements = new FollowUpInspector(session, objects).statements(oid);
    statements.addAll(Comments.ofTable(session, oid, sequences));
    statements.addAll(new PrivilegeInspector(session, objects).statements(oid, sequences));
    return statements;
  }

  private TableFacts facts(
      ResultSet row,
      List<ColumnFacts> columns,
      ConstraintInspector constraints,
      List<PartitionFacts> partitions,
      List<SequenceFacts> sequences,
      List<String> followUps,
      SchemaObjects objects)
      throws SQLException {
    long oid = row.getLong("oid");
    List<String> primaryKey = constraints.primaryKey(oid);
    return new TableFacts(
        row.getString("nspname"),
        row.getString("relname"),
        oid,
        row.getString("relkind"),
        row.getString("relpersistence"),
        row.getString("relreplident"),
        row.getBoolean("inherits"),
        row.getString("root"),
        new PartitionInspector(session).key(oid),
        partitions,
        row.getBoolean("owned"),
        row.getBoolean("may_select") && !row.getBoolean("policed"),
        row.getBoolean("policed"),
        row.getString("options"),
        columns,
        primaryKey,
        constraints.primaryKeyIndex(oid),
        constraints.primaryKeyDeferrable(oid),
        constraints.checks(oid),
        constraints.exclusions(oid),
        constraints.uniqueKeys(oid),
        constraints.indexes(oid),
        constraints.foreignKeys(oid),
        constraints.referencedBy(oid),
        Session.strings(row, "rewritten"),
        Session.strings(row, "firing"),
        Session.strings(row, "subscriptions"),
        sequences,
        followUps,
        objects);
  }
}
