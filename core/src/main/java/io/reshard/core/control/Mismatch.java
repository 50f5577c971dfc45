package io.reshard.core.control;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.json.Documents;
import java.util.List;

/**
 * A key at which source and target differ. {@code table} is {@code schema.table}; {@code key} is
 * the text of the primary key's only column, or a JSON array of texts if it has several.
 */
public record Mismatch(String table, String key, Kind kind) {
  /** How they differ. */
  public enum Kind {
    /** The target lacks the row. */
    MISSING,
    /** The source lacks the row. */
    EXTRA,
    /** Both have it, not with the same values. */
    DIFFERENT,
    /** It lies on a shard that does not own it: neither under the old topology nor the new one. */
    STRAY,
    /** Its shard key belongs to no shard under the new topology. */
    UNOWNED,
    /** Not known: the row was written to whenever it was looked at. */
    UNDECIDED
  }

  public static Mismatch of(String table, List<String> key, Kind kind) {
    return new Mismatch(table, key.size() == 1 ? key.get(0) : Documents.toJson(key), kind);
  }

  /** The values of the primary key's columns as text, given their number. */
  @JsonIgnore
  public List<String> keyValues(int keyColumns) {
    return keyColumns == 1
        ? List.of(key)
        : List.of(Documents.parse(key, String[].class, ErrorCode.STATE_STORE_FAILED, "a key"));
  }
}
