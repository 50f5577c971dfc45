package io.reshard.orchestrator.bench;

import io.reshard.core.topology.KeyRange;
import io.reshard.testkit.ReferenceHash;
import java.util.List;

/**
 * The table {@code public.item} of a benchmark.
 *
 * @param indexes how many secondary indexes it has, 0 to 3
 */
record BenchTable(Key key, Width width, int indexes) {
  /** The type of its primary key, which is its shard key. */
  enum Key {
    BIGINT("number", ReferenceHash.KeyType.INT8, "hashint8extended"),
    /** In no order, so that each row goes to a page of the index of its own. */
    UUID("md5(number::text)::uuid", ReferenceHash.KeyType.UUID, "uuid_hash_extended");

    private final String value;
    private final ReferenceHash.KeyType type;
    private final String hash;

    Key(String value, ReferenceHash.KeyType type, String hash) {
      this.value = value;
      this.type = type;
      this.hash = hash;
    }
  }

  /** How long its text is. */
  enum Width {
    NARROW("md5(number::text)"),
    /** 960 bytes, in the row itself: PostgreSQL compresses or moves out what exceeds 2 kB. */
    WIDE("repeat(md5(number::text), 30)");

    private final String note;

    Width(String note) {
      this.note = note;
    }
  }

  String create() {
    return "CREATE TABLE public.item (id "
        + key.name()
        + " PRIMARY KEY, kind int NOT NULL, n int NOT NULL,"
        + " changed timestamptz NOT NULL, note text NOT NULL)";
  }

  /**
   * The statement that loads those of the rows with numbers from {@code after}, exclusive, to
   * {@code last} whose hash lies in {@code range}.
   */
  String load(long after, long last, KeyRange range) {
    return "INSERT INTO public.item SELECT "
        + key.value
        + ", number % 1000, 0, timestamptz '2024-01-01', "
        + width.note
        + " FROM generate_series("
        + (after + 1)
        + "::bigint, "
        + last
        + ") AS g (number) WHERE "
        + ReferenceHash.inKeyRange(key.value, key.type, range.toString());
  }

  /** The statements that make the secondary indexes. */
  List<String> createIndexes() {
    return List.of("kind", "changed", "note").subList(0, indexes).stream()
        .map(column -> "CREATE INDEX ON public.item (" + column + ")")
        .toList();
  }

  /** A condition that halves the table by a hash of the key: {@code half} is 0 or 1. */
  String isHalf(int half) {
    return "(" + key.hash + "(id, 0) & 1) = " + half;
  }
}
