package io.reshard.testkit;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the writers know: for each key the last state whose commit was acknowledged. Several
 * writers, also one after the other, can share a history, as long as only one thread writes to a
 * key. Safe for use by several threads.
 */
public final class WriterHistory {
  /** Each writer thread makes ids from a block of its own, above all ids of the bulk load. */
  private static final long ID_BLOCK = 1_000_000_000_000L;

  private static final int MAX_VIOLATIONS = 100;

  private final LoadedRows loaded;
  private final Map<RowKey, RowState> states = new ConcurrentHashMap<>();
  private final Map<RowKey, RowState> inDoubt = new ConcurrentHashMap<>();
  private final List<HistoryViolation> violations = new ArrayList<>();
  private final AtomicLong idBlocks = new AtomicLong();

  public WriterHistory(LoadedRows loaded) {
    this.loaded = loaded;
  }

  public LoadedRows loaded() {
    return loaded;
  }

  /** Number of keys ever written. */
  public long writtenKeys() {
    return states.size();
  }

  /** Number of keys of which it could not be found out whether their last write was committed. */
  public long keysInDoubt() {
    return inDoubt.size();
  }

  /** Violations that the writers met while they wrote; at most 100. */
  public List<HistoryViolation> violations() {
    synchronized (violations) {
      return List.copyOf(violations);
    }
  }

  /**
   * Compares the owned rows of the shards with this history: no acknowledged write may be lost,
   * made up or applied twice, and rows that were never written must be as they were loaded. The
   * writers must be stopped or paused.
   */
  public HistoryReport check(List<OwnedShard> shards) throws SQLException {
    return new HistoryCheck(this, shards).run();
  }

  long nextIdBlock() {
    return ID_BLOCK * idBlocks.incrementAndGet();
  }

  RowState state(RowKey key) {
    RowState known = states.get(key);
    if (known != null) {
      return known;
    }
    return isLoaded(key) ? RowState.loaded(key.table()) : RowState.NEVER_EXISTED;
  }

  boolean isWritten(RowKey key) {
    return states.containsKey(key);
  }

  Map<RowKey, RowState> states() {
    return states;
  }

  /**
   * Whether the row may be as shown: as acknowledged, or as a write in doubt would have made it.
   */
  boolean admits(RowKey key, RowState shown) {
    RowState alternative = inDoubt.get(key);
    return state(key).admits(shown) || (alternative != null && alternative.admits(shown));
  }

  void acknowledge(Map<RowKey, RowState> changes) {
    states.putAll(changes);
  }

  /**
   * Nobody can say any more whether these changes were committed: from now on both states are
   * admitted.
   */
  void leaveInDoubt(Map<RowKey, RowState> changes) {
    changes.forEach(
        (key, changed) -> {
          states.putIfAbsent(key, state(key));
          inDoubt.put(key, changed);
        });
  }

  void violated(HistoryViolation violation) {
    synchronized (violations) {
      if (violations.size() < MAX_VIOLATIONS) {
        violations.add(violation);
      }
    }
  }

  /** Audit entries are known by their content only, as a sequence numbers them. */
  boolean isLoaded(RowKey key) {
    return switch (key.table()) {
      case CUSTOMER -> key.first() >= 1 && key.first() <= loaded.customers();
      case ORDERS -> key.first() >= 1 && key.first() <= loaded.orders();
      case ORDER_ITEMS ->
          key.first() >= 1
              && key.first() <= loaded.orders()
              && (key.second() == 1 || (key.second() == 2 && key.first() % 2 == 0));
      case AUDIT -> false;
    };
  }
}
