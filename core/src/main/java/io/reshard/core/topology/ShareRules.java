package io.reshard.core.topology;

import static io.reshard.core.topology.TopologyRules.require;

import java.math.BigDecimal;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The rules about what shards own: under one routing the owners share out all keys, with no gap and
 * no overlap. {@code where} says whose routing it is, for the errors.
 */
final class ShareRules {
  private final Topology view;
  private final List<Shard> owners;
  private final RoutingStrategy strategy;
  private final String where;

  ShareRules(Topology view, String where) {
    this.view = view;
    this.owners = view.owners();
    this.strategy = view.routing().strategy();
    this.where = where;
  }

  void check() {
    checkFunction();
    view.shards().forEach(this::checkKind);
    require(!owners.isEmpty(), "no active shard owns anything" + where);
    switch (strategy) {
      case HASH -> checkKeyRanges();
      case RING -> owners.forEach(this::checkWeight);
      case MODULO -> checkRemainders();
      case RANGE -> checkValueRanges();
      case DIRECTORY -> checkDirectory();
    }
  }

  private void checkFunction() {
    HashFunction function = view.routing().function();
    require(
        !strategy.hashes() || function != null,
        "routing has no 'function' (postgres, murmur3, xxhash64, crc32, md5 or identity)" + where);
    require(
        strategy.hashes() || function == null,
        "the strategy " + strategy.text() + " has no 'function': it hashes nothing" + where);
    require(
        strategy != RoutingStrategy.RING || function != HashFunction.IDENTITY,
        "the function identity cannot place the points of a ring; take another one" + where);
  }

  private void checkKind(Shard shard) {
    belongs(shard, "keyRange", shard.keyRange(), RoutingStrategy.HASH);
    belongs(shard, "remainder", shard.remainder(), RoutingStrategy.MODULO);
    belongs(shard, "weight", shard.weight(), RoutingStrategy.RING);
    belongs(shard, "from", shard.from(), RoutingStrategy.RANGE);
    belongs(shard, "to", shard.to(), RoutingStrategy.RANGE);
    belongs(shard, "keys", shard.keys(), RoutingStrategy.DIRECTORY);
    belongs(shard, "default", shard.fallback(), RoutingStrategy.DIRECTORY);
  }

  private void belongs(Shard shard, String key, Object value, RoutingStrategy owner) {
    String article = key.equals("keys") ? "'" : "a '";
    String verb = key.equals("keys") ? "' belong" : "' belongs";
    require(
        value == null || strategy == owner,
        named(shard) + ": " + article + key + verb + " to the strategy " + owner.text() + where);
  }

  private void checkKeyRanges() {
    List<Shard> sorted =
        owners.stream()
            .sorted(Comparator.comparing(shard -> shard.keyRange().start(), Long::compareUnsigned))
            .toList();
    long covered = 0;
    boolean complete = false;
    for (Shard shard : sorted) {
      KeyRange range = shard.keyRange();
      require(
          !complete && Long.compareUnsigned(range.start(), covered) >= 0,
          "the key range "
              + range
              + " of shard '"
              + shard.id()
              + "' overlaps the one before it"
              + where);
      require(
          range.start() == covered,
          "no active shard owns the key range " + prefixes(covered, range.start()) + where);
      covered = range.end();
      complete = covered == 0;
    }
    require(complete, "no active shard owns the key range " + prefixes(covered, 0) + where);
  }

  /** The notation of a range that may be empty, which {@link KeyRange} cannot be. */
  private static String prefixes(long start, long end) {
    return start == end && start != 0 ? "nothing" : new KeyRange(start, end).toString();
  }

  private void checkWeight(Shard shard) {
    require(
        shard.weight() >= 1 && shard.weight() <= 100,
        named(shard) + ": the weight " + shard.weight() + " is not between 1 and 100" + where);
  }

  private void checkRemainders() {
    Set<Integer> seen = new HashSet<>();
    for (Shard shard : owners) {
      int remainder = shard.remainder();
      require(
          remainder >= 0 && remainder < owners.size(),
          "the remainder "
              + remainder
              + " of shard '"
              + shard.id()
              + "' is not between 0 and "
              + (owners.size() - 1)
              + ": there are "
              + owners.size()
              + " active shards"
              + where);
      require(seen.add(remainder), "two active shards have the remainder " + remainder + where);
    }
  }

  /** Bounds are compared as numbers if all of them are numbers, else as text. */
  private void checkValueRanges() {
    Comparator<String> order = owners.stream().allMatch(ShareRules::isNumeric) ? NUMBERS : TEXTS;
    List<Shard> sorted =
        owners.stream()
            .sorted(Comparator.comparing(Shard::from, Comparator.nullsFirst(order)))
            .toList();
    Shard first = sorted.get(0);
    require(first.from() == null, "no active shard owns the values below " + first.from() + where);
    for (int index = 0; index < sorted.size(); index++) {
      Shard shard = sorted.get(index);
      require(
          shard.from() == null || shard.to() == null || order.compare(shard.from(), shard.to()) < 0,
          named(shard) + ": " + shard.ownership() + " is empty" + where);
      if (index + 1 < sorted.size()) {
        checkSeam(shard, sorted.get(index + 1), order);
      } else {
        require(shard.to() == null, "no active shard owns the values from " + shard.to() + where);
      }
    }
  }

  private void checkSeam(Shard lower, Shard upper, Comparator<String> order) {
    require(
        lower.to() != null && upper.from() != null && order.compare(lower.to(), upper.from()) <= 0,
        "the values of shard '"
            + upper.id()
            + "' ("
            + upper.ownership()
            + ") overlap those of shard '"
            + lower.id()
            + "' ("
            + lower.ownership()
            + ")"
            + where);
    require(
        lower.to().equals(upper.from()),
        "no active shard owns the values from " + lower.to() + " to " + upper.from() + where);
  }

  private static final Comparator<String> NUMBERS = Comparator.comparing(BigDecimal::new);

  /** By code points, the order of UTF-8; that of chars differs from it. */
  private static final Comparator<String> TEXTS =
      Comparator.comparing(text -> text.codePoints().toArray(), java.util.Arrays::compare);

  private static boolean isNumeric(Shard shard) {
    return isNumeric(shard.from()) && isNumeric(shard.to());
  }

  private static boolean isNumeric(String bound) {
    return bound == null || bound.matches("[+-]?\\d+(\\.\\d+)?");
  }

  private void checkDirectory() {
    Map<String, Shard> listed = new HashMap<>();
    for (Shard shard : owners) {
      for (String key : shard.listedKeys()) {
        Shard other = listed.put(key, shard);
        require(
            other == null,
            "the key '"
                + key
                + "' is listed by shard '"
                + (other == null ? "" : other.id())
                + "' and again by shard '"
                + shard.id()
                + "'"
                + where);
      }
    }
    List<String> defaults = owners.stream().filter(Shard::isDefault).map(Shard::id).toList();
    require(
        defaults.size() <= 1,
        "several shards are the default: "
            + defaults.stream().collect(Collectors.joining(", "))
            + where);
  }

  private static String named(Shard shard) {
    return "shard '" + shard.id() + "'";
  }
}
