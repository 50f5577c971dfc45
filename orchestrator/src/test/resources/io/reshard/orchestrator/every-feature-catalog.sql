-- The definition of the schema shop, one line for each part, in words that do not depend on OIDs.
SELECT format('column %s.%s %s %s %s %s %s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
    a.attnotnull, a.attidentity, a.attgenerated::text || a.attstorage::text || a.attcompression::text,
    pg_get_expr(d.adbin, d.adrelid) || coalesce(l.collname, '') || coalesce(a.attacl::text, ''))
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_collation l ON l.oid = a.attcollation
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind IN ('r', 'c', 'p') AND a.attnum > 0
UNION ALL SELECT format('relation %s %s %s %s %s %s', oid::regclass, relkind, relreplident, reloptions, relacl,
    coalesce(pg_get_partkeydef(oid), '') || coalesce(pg_get_expr(relpartbound, oid), ''))
  FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind <> 't'
UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index
  WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind IN ('r', 'p'))
UNION ALL SELECT format('constraint %s %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated)
  FROM pg_constraint WHERE connamespace = 'shop'::regnamespace
UNION ALL SELECT pg_get_triggerdef(oid) || ' ' || tgenabled::text FROM pg_trigger
  WHERE NOT tgisinternal AND tgname NOT ILIKE 'reshard%'
UNION ALL SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext
UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'shop'::regnamespace AND prokind = 'f'
  AND proname NOT LIKE 'span%'
UNION ALL SELECT format('privileges %s %s', oid::regprocedure, proacl) FROM pg_proc
  WHERE pronamespace = 'shop'::regnamespace AND prokind = 'f' AND proname NOT LIKE 'span%'
UNION ALL SELECT format('privileges %s %s', oid::regtype, typacl) FROM pg_type
  WHERE typnamespace = 'shop'::regnamespace
UNION ALL SELECT format('enum %s %s %s', enumtypid::regtype, enumlabel, rank() OVER (PARTITION BY enumtypid
  ORDER BY enumsortorder)) FROM pg_enum
UNION ALL SELECT format('domain %s %s %s', oid::regtype, format_type(typbasetype, typtypmod), typdefault)
  FROM pg_type WHERE typnamespace = 'shop'::regnamespace AND typtype = 'd'
UNION ALL SELECT format('range %s', rngtypid::regtype) FROM pg_range WHERE rngtypid > 16384
UNION ALL SELECT format('collation %s %s', collname, collprovider) FROM pg_collation
  WHERE collnamespace = 'shop'::regnamespace
UNION ALL SELECT format('sequence %s %s %s %s', schemaname, sequencename, increment_by, cache_size) FROM pg_sequences
  WHERE schemaname = 'shop'
UNION ALL SELECT format('schema %s', nspacl) FROM pg_namespace WHERE nspname = 'shop'
UNION ALL SELECT format('extension %s', extname) FROM pg_extension
UNION ALL SELECT format('comment %s %s', (pg_identify_object(classoid, objoid, objsubid)).identity, description)
  FROM pg_description WHERE objoid > 16384 AND (pg_identify_object(classoid, objoid, objsubid)).identity LIKE '%shop%'
