-- The hash functions that PostgreSQL lacks. Each is made of built-in functions and of the helpers at the top. SQL has no
-- unsigned arithmetic and fails on overflow, so 64-bit words are signed and taken apart. PostgreSQL inlines a helper only
-- if its arguments are cheap; so statements nest no call that is not.

-- (a + b) modulo 2^64
CREATE OR REPLACE FUNCTION ${schema}.word_add(a bigint, b bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ((((a >> 32) & 4294967295) + ((b >> 32) & 4294967295)
      + (((a & 4294967295) + (b & 4294967295)) >> 32)) << 32)
    | (((a & 4294967295) + (b & 4294967295)) & 4294967295)
$$;

-- (a * b) modulo 2^64: b in four digits of 16 bits, since 32 by 32 bits would not fit
CREATE OR REPLACE FUNCTION ${schema}.word_multiply(a bigint, b bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ((((a & 4294967295) * (b & 65535)
        + ((((a & 4294967295) * ((b >> 16) & 65535)) & 65535) << 16)) >> 32)
      + (((a & 4294967295) * ((b >> 16) & 65535)) >> 16)
      + (a & 4294967295) * ((b >> 32) & 65535)
      + ((((a & 4294967295) * ((b >> 48) & 65535)) & 65535) << 16)
      + ((a >> 32) & 4294967295) * (b & 65535)
      + (((((a >> 32) & 4294967295) * ((b >> 16) & 65535)) & 65535) << 16)) << 32
    | (((a & 4294967295) * (b & 65535)
        + ((((a & 4294967295) * ((b >> 16) & 65535)) & 65535) << 16)) & 4294967295)
$$;

CREATE OR REPLACE FUNCTION ${schema}.word_rotate(a bigint, bits integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (a << bits) | ((a >> (64 - bits)) & ((1::bigint << bits) - 1))
$$;

-- a xor (a >>> bits)
CREATE OR REPLACE FUNCTION ${schema}.word_fold(a bigint, bits integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT a # ((a >> bits) & ((1::bigint << (64 - bits)) - 1))
$$;

-- The 4 and 8 bytes at a place, the lowest first
CREATE OR REPLACE FUNCTION ${schema}.word_half(bytes bytea, place integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT get_byte(bytes, place)::bigint | (get_byte(bytes, place + 1)::bigint << 8)
    | (get_byte(bytes, place + 2)::bigint << 16) | (get_byte(bytes, place + 3)::bigint << 24)
$$;

CREATE OR REPLACE FUNCTION ${schema}.word_at(bytes bytea, place integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT get_byte(bytes, place)::bigint | (get_byte(bytes, place + 1)::bigint << 8)
    | (get_byte(bytes, place + 2)::bigint << 16) | (get_byte(bytes, place + 3)::bigint << 24)
    | (get_byte(bytes, place + 4)::bigint << 32) | (get_byte(bytes, place + 5)::bigint << 40)
    | (get_byte(bytes, place + 6)::bigint << 48) | (get_byte(bytes, place + 7)::bigint << 56)
$$;

-- An integer as 8 bytes, the lowest first
CREATE OR REPLACE FUNCTION ${schema}.key_bytes(key bigint) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT substring(int8send(key) FROM 8 FOR 1) || substring(int8send(key) FROM 7 FOR 1)
    || substring(int8send(key) FROM 6 FOR 1) || substring(int8send(key) FROM 5 FOR 1)
    || substring(int8send(key) FROM 4 FOR 1) || substring(int8send(key) FROM 3 FOR 1)
    || substring(int8send(key) FROM 2 FOR 1) || substring(int8send(key) FROM 1 FOR 1)
$$;

-- A value as PostgreSQL prints it, whatever the session has set
CREATE OR REPLACE FUNCTION ${schema}.key_text(key anyelement) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET datestyle = 'ISO, MDY' SET timezone = 'UTC' SET intervalstyle = 'postgres'
SET bytea_output = 'hex' SET extra_float_digits = 1 AS $$
  BEGIN
    RETURN key::text;
  END $$;

-- MurmurHash3, x64, 128 bits, seed 0: the first half of the result
CREATE OR REPLACE FUNCTION ${schema}.hash_murmur3(key bytea) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
  DECLARE
    c1 CONSTANT bigint := -8663945395140668459;
    c2 CONSTANT bigint := 5545529020109919103;
    h1 bigint := 0;
    h2 bigint := 0;
    k bigint;
    place integer := 0;
    size CONSTANT integer := length(key);
    -- Zero bytes at the end change nothing in the mixing of the last block.
    padded CONSTANT bytea := key || '\x000000000000000000000000000000'::bytea;
  BEGIN
    WHILE place < size LOOP
      k := ${schema}.word_at(padded, place);
      k := ${schema}.word_multiply(k, c1);
      k := ${schema}.word_rotate(k, 31);
      k := ${schema}.word_multiply(k, c2);
      h1 := h1 # k;
      IF place + 16 <= size THEN
        h1 := ${schema}.word_rotate(h1, 27);
        h1 := ${schema}.word_add(h1, h2);
        h1 := ${schema}.word_multiply(h1, 5);
        h1 := ${schema}.word_add(h1, 1390208809);
      END IF;
      IF place + 8 < size THEN
        k := ${schema}.word_at(padded, place + 8);
        k := ${schema}.word_multiply(k, c2);
        k := ${schema}.word_rotate(k, 33);
        k := ${schema}.word_multiply(k, c1);
        h2 := h2 # k;
      END IF;
      IF place + 16 <= size THEN
        h2 := ${schema}.word_rotate(h2, 31);
        h2 := ${schema}.word_add(h2, h1);
        h2 := ${schema}.word_multiply(h2, 5);
        h2 := ${schema}.word_add(h2, 944331445);
      END IF;
      place := place + 16;
    END LOOP;
    h1 := h1 # size;
    h2 := h2 # size;
    h1 := ${schema}.word_add(h1, h2);
    h2 := ${schema}.word_add(h2, h1);
    h1 := ${schema}.word_fold(h1, 33);
    h1 := ${schema}.word_multiply(h1, -49064778989728563);
    h1 := ${schema}.word_fold(h1, 33);
    h1 := ${schema}.word_multiply(h1, -4265267296055464877);
    h1 := ${schema}.word_fold(h1, 33);
    h2 := ${schema}.word_fold(h2, 33);
    h2 := ${schema}.word_multiply(h2, -49064778989728563);
    h2 := ${schema}.word_fold(h2, 33);
    h2 := ${schema}.word_multiply(h2, -4265267296055464877);
    h2 := ${schema}.word_fold(h2, 33);
    RETURN ${schema}.word_add(h1, h2);
  END $$;

-- XXH64, seed 0
CREATE OR REPLACE FUNCTION ${schema}.hash_xxhash64(key bytea) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
  DECLARE
    p1 CONSTANT bigint := -7046029288634856825;
    p2 CONSTANT bigint := -4417276706812531889;
    p3 CONSTANT bigint := 1609587929392839161;
    p4 CONSTANT bigint := -8796714831421723037;
    p5 CONSTANT bigint := 2870177450012600261;
    size CONSTANT integer := length(key);
    place integer := 0;
    lanes bigint[];
    h bigint := p5;
    k bigint;
  BEGIN
    IF size >= 32 THEN
      lanes := ARRAY[${schema}.word_add(p1, p2), p2, 0, -p1];
      WHILE place + 32 <= size LOOP
        FOR lane IN 1..4 LOOP
          k := ${schema}.word_at(key, place + 8 * lane - 8);
          k := ${schema}.word_multiply(k, p2);
          k := ${schema}.word_add(lanes[lane], k);
          k := ${schema}.word_rotate(k, 31);
          lanes[lane] := ${schema}.word_multiply(k, p1);
        END LOOP;
        place := place + 32;
      END LOOP;
      h := ${schema}.word_rotate(lanes[1], 1);
      h := ${schema}.word_add(h, ${schema}.word_rotate(lanes[2], 7));
      h := ${schema}.word_add(h, ${schema}.word_rotate(lanes[3], 12));
      h := ${schema}.word_add(h, ${schema}.word_rotate(lanes[4], 18));
      FOR lane IN 1..4 LOOP
        k := ${schema}.word_multiply(lanes[lane], p2);
        k := ${schema}.word_rotate(k, 31);
        k := ${schema}.word_multiply(k, p1);
        h := ${schema}.word_multiply(h # k, p1);
        h := ${schema}.word_add(h, p4);
      END LOOP;
    END IF;
    h := ${schema}.word_add(h, size);
    WHILE place + 8 <= size LOOP
      k := ${schema}.word_at(key, place);
      k := ${schema}.word_multiply(k, p2);
      k := ${schema}.word_rotate(k, 31);
      k := ${schema}.word_multiply(k, p1);
      h := ${schema}.word_rotate(h # k, 27);
      h := ${schema}.word_multiply(h, p1);
      h := ${schema}.word_add(h, p4);
      place := place + 8;
    END LOOP;
    IF place + 4 <= size THEN
      k := ${schema}.word_half(key, place);
      k := ${schema}.word_multiply(k, p1);
      h := ${schema}.word_rotate(h # k, 23);
      h := ${schema}.word_multiply(h, p2);
      h := ${schema}.word_add(h, p3);
      place := place + 4;
    END IF;
    WHILE place < size LOOP
      k := ${schema}.word_multiply(get_byte(key, place), p5);
      h := ${schema}.word_rotate(h # k, 11);
      h := ${schema}.word_multiply(h, p1);
      place := place + 1;
    END LOOP;
    h := ${schema}.word_fold(h, 33);
    h := ${schema}.word_multiply(h, p2);
    h := ${schema}.word_fold(h, 29);
    h := ${schema}.word_multiply(h, p3);
    RETURN ${schema}.word_fold(h, 32);
  END $$;

-- CRC-32 as in IEEE 802.3 and gzip, four bits at a time
CREATE OR REPLACE FUNCTION ${schema}.hash_crc32(key bytea) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
  DECLARE
    steps CONSTANT bigint[] := '{0,498536548,997073096,651767980,1994146192,1802195444,1303535960,1342533948,
      3988292384,4027552580,3604390888,3412177804,2607071920,2262029012,2685067896,3183342108}';
    crc bigint := 4294967295;
  BEGIN
    FOR place IN 0..length(key) - 1 LOOP
      crc := crc # get_byte(key, place);
      crc := steps[(crc & 15) + 1] # (crc >> 4);
      crc := steps[(crc & 15) + 1] # (crc >> 4);
    END LOOP;
    RETURN crc # 4294967295;
  END $$;
