-- What the application does while its rows move: {TABLE} stands for the condition that a row is the shard's own.
UPDATE shop."Customer" t SET balance = balance + 1, "the mood" = 'it''s bad' WHERE {shop.Customer} AND id % 5 = 1;
UPDATE shop."Customer" t SET name = upper(name) WHERE {shop.Customer} AND id % 31 = 0;
DELETE FROM shop.item t WHERE {shop.item} AND line = 2 AND customer % 11 = 3;
UPDATE shop.item t SET line = line + 10 WHERE {shop.item} AND line < 1000 AND customer % 13 = 5;
UPDATE shop.by_text t SET note = note || '!' WHERE {shop.by_text} AND length(key) % 3 = 0;
DELETE FROM shop.by_uuid t WHERE {shop.by_uuid} AND key::text LIKE 'a%' AND day = '2024-01-03';
UPDATE shop.by_uuid t SET day = day + 100 WHERE {shop.by_uuid} AND key::text LIKE 'c%';
UPDATE shop.everything t SET c_tags = c_tags || 'w'::text, c_place.street = 'moved', c_real = '-0',
  c_numeric = c_numeric + 0.10 WHERE {shop.everything} AND key % 4 = 0 AND coalesce(array_length(c_tags::text[], 1), 0) < 8;
UPDATE shop.plain_types t SET c_large = c_large || 'y', c_numeric = c_numeric * 1.0 WHERE {shop.plain_types} AND key % 6 = 0;
UPDATE shop.visit t SET day = day + 200 WHERE {shop.visit} AND id % 9 = 0;
DELETE FROM shop.visit t WHERE {shop.visit} AND id % 17 = 0;
UPDATE shop.visit t SET page = upper(page) WHERE {shop.visit} AND id % 5 = 0;
UPDATE shop.by_german t SET note = note || '!' WHERE {shop.by_german} AND number % 4 = 0;
DELETE FROM shop.by_german t WHERE {shop.by_german} AND number % 50 = 7;
UPDATE shop.plain_types t SET c_hstore = c_hstore || hstore('w', length(c_large)::text), c_date = '0001-01-01 BC',
  c_timestamptz = 'infinity' WHERE {shop.plain_types} AND key % 7 = 0;
