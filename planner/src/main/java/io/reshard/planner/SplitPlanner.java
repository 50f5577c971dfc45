package io.reshard.planner;

import io.reshard.core.plan.Split;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides into how many splits each table on each source is cut, and numbers them. A split aims at
 * as many moved rows as a copy transaction has, and at so many moved bytes: rows may be wide, and
 * their number is from statistics, which can be wrong, while the bytes are those of the files.
 */
final class SplitPlanner {
  /** Bounds the plan file and the control rows, however large the tables are. */
  static final int MOST_SPLITS = 100_000;

  private static final double MOST_BYTES = 32_000_000;

  /** A split reads at most so many times the rows that it moves. */
  private static final double LEAST_MOVED_SHARE = 0.1;

  private SplitPlanner() {}

  /** One table on one source: what is to be cut. */
  record Piece(int table, String source, TableEstimate estimate, double movedShare) {
    double wantedParts(int copyBatchSize) {
      double share = Math.max(LEAST_MOVED_SHARE, movedShare);
      double byRows = Math.ceil(estimate.rows() * share / copyBatchSize);
      double byBytes = Math.ceil(estimate.bytes() * share / MOST_BYTES);
      return Math.max(1, Math.max(byRows, byBytes));
    }
  }

  /** The number of splits of each piece: at least 1 each. */
  static int[] parts(List<Piece> pieces, int copyBatchSize) {
    double wanted = pieces.stream().mapToDouble(piece -> piece.wantedParts(copyBatchSize)).sum();
    double scale = Math.min(1.0, MOST_SPLITS / Math.max(1.0, wanted));
    return pieces.stream()
        .mapToInt(piece -> (int) Math.max(1, piece.wantedParts(copyBatchSize) * scale))
        .toArray();
  }

  /**
   * Numbers the splits: table by table, and within a table the sources by turns, so that all of
   * them are read from the start. {@code bounds} has the bounds of each piece.
   */
  static List<Split> number(List<Piece> pieces, List<List<List<String>>> bounds, int tables) {
    List<Split> splits = new ArrayList<>();
    for (int table = 0; table < tables; table++) {
      boolean more = true;
      for (int turn = 0; more; turn++) {
        more = false;
        for (int index = 0; index < pieces.size(); index++) {
          if (pieces.get(index).table() == table && turn <= bounds.get(index).size()) {
            splits.add(split(splits.size(), pieces.get(index), bounds.get(index), turn));
            more = true;
          }
        }
      }
    }
    return splits;
  }

  private static Split split(int id, Piece piece, List<List<String>> bounds, int place) {
    List<String> lower = place == 0 ? null : bounds.get(place - 1);
    List<String> upper = place == bounds.size() ? null : bounds.get(place);
    double moved = piece.estimate().rows() * piece.movedShare();
    long rows = Math.round(moved / (bounds.size() + 1));
    return new Split(id, piece.table(), piece.source(), lower, upper, rows);
  }
}
