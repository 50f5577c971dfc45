package io.reshard.core.routing;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * PostgreSQL's extended hash functions and the combination that its hash partitioning makes of them
 * for a key of one column. The algorithm is Bob Jenkins' lookup3 (public domain, 2006) as
 * PostgreSQL varies it in {@code src/common/hashfn.c}; seed and combination are those of {@code
 * HASH_PARTITION_SEED} and {@code hash_combine64}. Checked against the server itself.
 */
public final class PostgresHash {
  /** PostgreSQL's {@code HASH_PARTITION_SEED}. */
  public static final long PARTITION_SEED = 0x7A5B22367996DCFDL;

  /** What {@code hash_combine64(0, hash)} adds to the hash of a single column, modulo 2^64. */
  public static final long COMBINE_OFFSET = 0x49a0f4dd15e5a8e3L;

  private static final int INITIAL = 0x9e3779b9 + 3923095;

  private PostgresHash() {}

  /** The partition hash of a smallint, integer or bigint: they hash alike. */
  public static long ofLong(long value) {
    return extendedLong(value, PARTITION_SEED) + COMBINE_OFFSET;
  }

  /** The partition hash of a text or varchar in a deterministic collation. */
  public static long ofText(String value) {
    return extendedBytes(value.getBytes(StandardCharsets.UTF_8), PARTITION_SEED) + COMBINE_OFFSET;
  }

  /** The partition hash of a uuid. */
  public static long ofUuid(UUID value) {
    byte[] bytes =
        ByteBuffer.allocate(16)
            .putLong(value.getMostSignificantBits())
            .putLong(value.getLeastSignificantBits())
            .array();
    return extendedBytes(bytes, PARTITION_SEED) + COMBINE_OFFSET;
  }

  /** {@code hashint8extended(value, seed)}. */
  static long extendedLong(long value, long seed) {
    int low = (int) value;
    int high = (int) (value >> 32);
    low ^= value >= 0 ? high : ~high;
    Mixer mixer = new Mixer(INITIAL + 4, seed);
    mixer.a += low;
    return mixer.finish();
  }

  /** {@code hashtextextended(value, seed)} and {@code uuid_hash_extended(value, seed)}. */
  static long extendedBytes(byte[] bytes, long seed) {
    Mixer mixer = new Mixer(INITIAL + bytes.length, seed);
    int at = 0;
    for (; bytes.length - at >= 12; at += 12) {
      mixer.a += word(bytes, at, 4);
      mixer.b += word(bytes, at + 4, 4);
      mixer.c += word(bytes, at + 8, 4);
      mixer.mix();
    }
    int rest = bytes.length - at;
    mixer.a += word(bytes, at, Math.min(rest, 4));
    mixer.b += word(bytes, at + 4, Math.min(rest - 4, 4));
    // The lowest byte of c is kept for the length, so the last word starts one byte higher.
    mixer.c += word(bytes, at + 8, rest - 8) << 8;
    return mixer.finish();
  }

  private static int word(byte[] bytes, int from, int count) {
    int word = 0;
    for (int index = 0; index < count; index++) {
      word |= (bytes[from + index] & 0xff) << (8 * index);
    }
    return word;
  }

  private static final class Mixer {
    private int a;
    private int b;
    private int c;

    Mixer(int initial, long seed) {
      a = initial;
      b = initial;
      c = initial;
      if (seed != 0) {
        a += (int) (seed >>> 32);
        b += (int) seed;
        mix();
      }
    }

    void mix() {
      a = (a - c) ^ Integer.rotateLeft(c, 4);
      c += b;
      b = (b - a) ^ Integer.rotateLeft(a, 6);
      a += c;
      c = (c - b) ^ Integer.rotateLeft(b, 8);
      b += a;
      a = (a - c) ^ Integer.rotateLeft(c, 16);
      c += b;
      b = (b - a) ^ Integer.rotateLeft(a, 19);
      a += c;
      c = (c - b) ^ Integer.rotateLeft(b, 4);
      b += a;
    }

    long finish() {
      c = (c ^ b) - Integer.rotateLeft(b, 14);
      a = (a ^ c) - Integer.rotateLeft(c, 11);
      b = (b ^ a) - Integer.rotateLeft(a, 25);
      c = (c ^ b) - Integer.rotateLeft(b, 16);
      a = (a ^ c) - Integer.rotateLeft(c, 4);
      b = (b ^ a) - Integer.rotateLeft(a, 14);
      c = (c ^ b) - Integer.rotateLeft(b, 24);
      return ((long) b << 32) | (c & 0xffffffffL);
    }
  }
}
