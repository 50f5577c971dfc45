package io.reshard.core.shard;

/** What {@link SchemaWatch} needs inside a source's database, made with {@link ShardSchema}. */
final class WatchSchema {
  /**
   * {@code shape_of} lists facts about tables by their names. Its search path is pinned, so that
   * types are spelled alike in every session. A column's number tells a column that was dropped and
   * made again from the one before: its old values went without a change event.
   *
   * <p>{@code refuse_ddl} runs as its owner: whoever changes some other table of the database need
   * not be able to read ours.
   */
  static final String CREATE =
      """
      CREATE TABLE IF NOT EXISTS reshard.shape (
        operation_id text, table_name text, subject text, value text NOT NULL, relation oid,
        PRIMARY KEY (operation_id, table_name, subject));
      CREATE INDEX IF NOT EXISTS shape_relation ON reshard.shape (relation);
      CREATE OR REPLACE FUNCTION reshard.shape_of(publication text, tables text[])
      RETURNS TABLE (table_name text, subject text, value text, relation oid)
      LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
        WITH RECURSIVE member AS (
          SELECT t.name, to_regclass(t.name)::oid AS root, to_regclass(t.name)::oid AS relation
          FROM unnest(tables) AS t (name) WHERE to_regclass(t.name) IS NOT NULL
          UNION SELECT m.name, m.root, i.inhrelid
          FROM member m JOIN pg_inherits i ON i.inhparent = m.relation
        ), root AS (SELECT name, root FROM member WHERE relation = root)
        SELECT m.name,
          CASE WHEN m.relation = m.root THEN 'table' ELSE 'partition ' || m.relation::regclass END,
          format('relation %s', m.relation), m.relation
        FROM member m
        UNION ALL
        SELECT m.name, CASE WHEN m.relation = m.root THEN 'replica identity'
          ELSE 'replica identity of ' || m.relation::regclass END, c.relreplident::text, NULL
        FROM member m JOIN pg_class c ON c.oid = m.relation
        UNION ALL
        SELECT r.name, 'column ' || a.attname, format_type(a.atttypid, a.atttypmod)
          || CASE WHEN a.attgenerated = '' THEN '' ELSE ' generated' END, NULL
        FROM root r JOIN pg_attribute a ON a.attrelid = r.root
        WHERE a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT r.name, 'definition of column ' || a.attname,
          format('number %s, %s, collation %s%s', a.attnum,
            CASE WHEN a.attnotnull THEN 'not null' ELSE 'null' END, a.attcollation,
            (SELECT ', values ' || string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder)
             FROM pg_enum e WHERE e.enumtypid = a.atttypid)), NULL
        FROM root r JOIN pg_attribute a ON a.attrelid = r.root
        WHERE a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT r.name, 'primary key', string_agg(a.attname, ', ' ORDER BY k.place), NULL
        FROM root r JOIN pg_index i ON i.indrelid = r.root AND i.indisprimary
        CROSS JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY k (attnum, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.place <= i.indnkeyatts GROUP BY r.name
        UNION ALL
        SELECT r.name, 'unique index ' || x.relname,
          format('%s, %s', pg_get_indexdef(x.oid), i.indisvalid), x.oid
        FROM root r JOIN pg_index i ON i.indrelid = r.root AND i.indisunique
        JOIN pg_class x ON x.oid = i.indexrelid
        UNION ALL
        SELECT r.name, 'constraint ' || k.conname, pg_get_constraintdef(k.oid), NULL
        FROM root r JOIN pg_constraint k ON k.conrelid = r.root AND k.contype IN ('c', 'x')
        UNION ALL
        SELECT r.name, 'publication', format('columns %s', p.prattrs), NULL
        FROM root r JOIN pg_publication_rel p ON p.prrelid = r.root
        JOIN pg_publication b ON b.oid = p.prpubid AND b.pubname = publication
      $$;
      CREATE OR REPLACE FUNCTION reshard.refuse_ddl() RETURNS event_trigger LANGUAGE plpgsql
      SECURITY DEFINER SET search_path = pg_catalog AS $$
        DECLARE
          refused record;
        BEGIN
          IF current_setting('reshard.session', true) = 'on' THEN
            RETURN;
          END IF;
          IF TG_EVENT = 'sql_drop' THEN
            SELECT s.operation_id, d.object_identity AS name INTO refused
            FROM pg_event_trigger_dropped_objects() d JOIN reshard.shape s ON s.relation = d.objid
            WHERE d.classid = 'pg_class'::regclass LIMIT 1;
          ELSE
            SELECT s.operation_id, c.object_identity AS name INTO refused
            FROM pg_event_trigger_ddl_commands() c JOIN reshard.shape s ON s.relation = c.objid
              OR s.relation IN (SELECT inhparent FROM pg_inherits WHERE inhrelid = c.objid)
            WHERE c.classid = 'pg_class'::regclass LIMIT 1;
          END IF;
          IF FOUND THEN
            RAISE EXCEPTION '% of % is refused: resharding operation % moves the table', TG_TAG,
              refused.name, refused.operation_id USING ERRCODE = 'object_in_use', HINT =
              'Wait until it is complete, or roll it back, change the table on every shard, and plan again.';
          END IF;
        END $$;
      """;

  private WatchSchema() {}
}
