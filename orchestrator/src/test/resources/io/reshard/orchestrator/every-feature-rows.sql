INSERT INTO shop.country SELECT 'c' || i, 'country ' || i FROM generate_series(0, 9) i;
INSERT INTO shop."Customer" (id, name, email, country, balance, "the mood", ticket)
  SELECT i, 'Ärger ' || i, 'Mail' || i % 50, 'c' || i % 10, i * 0.5 - 100,
    (enum_range(NULL::shop.mood))[1 + i % 4], i FROM generate_series(1, 900) i;
INSERT INTO shop.item
  SELECT c, l, 'sku ''' || c, CASE l WHEN 2 THEN NULL ELSE l * 0.01 END
  FROM generate_series(1, 900) c, generate_series(1, 2) l;
INSERT INTO shop.by_text SELECT chr(65 + i % 26) || chr(9 + i % 5) || '\' || 'ß€😀' || i, repeat('x', i)
  FROM generate_series(1, 700) i;
INSERT INTO shop.by_text VALUES ('', 'the empty text'), ('''', NULL);
INSERT INTO shop.by_uuid SELECT date '2024-01-01' + i % 9, md5(i::text)::uuid, nullif(i % 3, 0)
  FROM generate_series(1, 700) i;
INSERT INTO shop.everything (key) VALUES (0);
INSERT INTO shop.everything
  SELECT i, i % 100 - 50, -i * 100000,
    (ARRAY['NaN', 'Infinity', '-Infinity', '1.0', '1.00', '-0.000', '1e-300'])[1 + i % 7]::numeric,
    (ARRAY['NaN', '-0', 'Infinity', '1e-40'])[1 + i % 4]::real,
    (ARRAY['NaN', '-0', '-Infinity', '0.1', '1e308'])[1 + i % 5]::double precision,
    (i * 0.01)::numeric::money, E'tab\t newline\n \\ ' || i, 'v''' || i, 'c ' || i % 9, 'name' || i,
    chr(65 + i % 26)::"char", decode(md5(i::text), 'hex') || '\x00ff'::bytea,
    (ARRAY['infinity', '-infinity', '4000-01-01 BC', '2024-02-29'])[1 + i % 4]::date,
    time '24:00' - i * interval '1.000001 s', timetz '12:00+14' - i * interval '1 s',
    (ARRAY['infinity', '0099-12-31 BC', '2024-02-29 23:59:59.999999'])[1 + i % 3]::timestamp,
    timestamptz '2024-02-29 12:00:00.123+05:45' + i * interval '1 day',
    (ARRAY['1 mon', '30 days', '720:00:00', '-1 year 2 mons 3.5 s'])[1 + i % 4]::interval,
    i % 2 = 0, md5(i::text)::uuid, point(i, -i), '{1,2,3}'::line, '[(0,0),(1,2)]'::lseg,
    '(3,4),(1,2)'::box, '[(0,0),(1,1),(2,0)]'::path, '((0,0),(1,1),(2,0))'::polygon,
    circle(point(i, 0), i), '10.1.0.0/16'::cidr, ('::' || i)::inet, '08:00:2b:01:02:03'::macaddr,
    '08:00:2b:01:02:03:04:05'::macaddr8, (i % 32)::bit(5), i::bit(12)::varbit,
    to_tsvector('simple', 'a fat cat ' || i), 'fat & !rat:*'::tsquery, '{"a":  1, "a": 2}'::json,
    jsonb_build_object('n', 1.00, 'i', i, 'z', NULL), '$.a[*] ? (@ > 1)'::jsonpath, '<a b="1">x</a>'::xml,
    '0/16B3748'::pg_lsn, (i::bigint << 33)::text::xid8, '10:20:10,14'::pg_snapshot, 'shop.mood'::regtype,
    int4range(i, i + 2), tstzrange('2024-01-01', NULL, '(]'), '{[1,2),(3.0,4.00]}'::nummultirange,
    shop.span(i, i + 0.5), ARRAY[i, NULL, -i], ARRAY[['a', 'NULL'], [NULL, '{}']], 'it''s bad',
    ARRAY['good', NULL, 'Größe']::shop.mood[], format('("a, \"b",%s)', i)::shop.place,
    ARRAY['(,1)', format('("",%s)', i)]::shop.place[],
    i * 1.5, ARRAY['t' || i], hstore('k', NULL) || hstore('i', i::text), 'MiXed' || i
  FROM generate_series(1, 400) i;
INSERT INTO shop.plain_types
  SELECT i, (ARRAY['NaN', '1.0', '1.00', '-0'])[1 + i % 4]::numeric, (ARRAY['-0', '0', 'NaN'])[1 + i % 3]::float8,
    ARRAY['x', NULL, i::text], 'Größe', repeat(md5(i::text), 300), '{ "k" : 1.0 }', numrange(i, NULL),
    hstore('k', NULL) || hstore('i', i::text), (ARRAY['infinity', '-infinity', '4000-01-01 BC'])[1 + i % 3]::date,
    (ARRAY['infinity', '-infinity', '0099-12-31 23:59:59.999999 BC'])[1 + i % 3]::timestamp,
    (ARRAY['infinity', '0044-03-15 BC', '-infinity'])[1 + i % 3]::timestamptz,
    (ARRAY['1 mon', '30 days', '-1 year 2 mons 3.5 s'])[1 + i % 3]::interval
  FROM generate_series(1, 300) i;
-- In this order of the alphabet, and of the splits, ä follows a, and capitals follow small letters.
INSERT INTO shop.by_german (key, note)
  SELECT (ARRAY['a', 'A', 'ä', 'Ä', 'b', 'ß', 'ss', 'z', '-', ' '])[1 + i % 10] || i, repeat('n', i % 9)
  FROM generate_series(1, 900) i;
INSERT INTO shop.visit SELECT date '2023-12-01' + i % 500, i, 1 + i % 900, 'page ' || i % 7 FROM generate_series(1, 1500) i;
