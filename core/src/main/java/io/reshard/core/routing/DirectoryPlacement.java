package io.reshard.core.routing;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Sql;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.time.DateTimeException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Places keys by a list; what is not listed goes to the default shard, if there is one. */
final class DirectoryPlacement implements Placement {
  private final List<Shard> owners;
  private final Shard fallback;
  private final ShardKeyType type;
  private final Map<String, Shard> listed;

  DirectoryPlacement(Topology topology, ShardKeyType type) {
    this.owners = topology.owners();
    this.fallback = owners.stream().filter(Shard::isDefault).findFirst().orElse(null);
    this.type = type;
    this.listed = byKey();
  }

  private Map<String, Shard> byKey() {
    Map<String, Shard> byKey = new HashMap<>();
    for (Shard owner : owners) {
      for (String key : owner.listedKeys()) {
        Shard other = byKey.put(canonical(key), owner);
        if (other != null && !other.equals(owner)) {
          throw invalid(
              "the key '" + key + "' is listed by " + other.id() + " and by " + owner.id(), null);
        }
      }
    }
    return Map.copyOf(byKey);
  }

  /** One spelling for one value. */
  private String canonical(String key) {
    try {
      return type.canonical(key);
    } catch (IllegalArgumentException | DateTimeException e) {
      throw invalid(
          "a listed key is not a value of the shard key's type " + type + ": " + e.getMessage(), e);
    }
  }

  private static ReshardingException invalid(String message, Exception cause) {
    return new ReshardingException(ErrorCode.INVALID_TOPOLOGY, message, cause);
  }

  @Override
  public Shard ofLong(long key) {
    return ofText(Long.toString(key));
  }

  @Override
  public Shard ofUuid(UUID key) {
    return ofText(key.toString());
  }

  /** {@code key_not_routed} for a key that nobody owns. */
  @Override
  public Shard ofText(String key) {
    Shard owner = listed.getOrDefault(key, fallback);
    if (owner == null) {
      throw new ReshardingException(
          ErrorCode.KEY_NOT_ROUTED,
          "no shard lists the key '" + key + "', and none is the default; add it to a shard");
    }
    return owner;
  }

  @Override
  public SqlPlacement sql(String column, String schema) {
    KeyType family = type.family();
    String key =
        switch (family) {
          case INTEGER, UUID -> column;
          case TEXT, OTHER -> "(" + family.textSql(column, schema) + " COLLATE \"C\")";
        };
    String array = family == KeyType.INTEGER ? "bigint" : family == KeyType.UUID ? "uuid" : "text";
    return new SqlPlacement() {
      @Override
      public String ownedBy(Shard shard) {
        if (!shard.isDefault()) {
          return isOneOf(shard.listedKeys().stream());
        }
        List<String> others =
            owners.stream()
                .filter(owner -> !owner.id().equals(shard.id()))
                .flatMap(owner -> owner.listedKeys().stream())
                .toList();
        return others.isEmpty()
            ? "(" + column + " IS NOT NULL)"
            : "(NOT " + isOneOf(others.stream()) + ")";
      }

      private String isOneOf(Stream<String> keys) {
        String list =
            keys.map(DirectoryPlacement.this::canonical)
                .map(Sql::literal)
                .collect(Collectors.joining(", "));
        return "(" + key + " = ANY (ARRAY[" + list + "]::" + array + "[]))";
      }

      @Override
      public String owner(ToIntFunction<String> ordinalOf) {
        return owners.stream()
            .map(one -> " WHEN " + ownedBy(one) + " THEN " + ordinalOf.applyAsInt(one.id()))
            .collect(Collectors.joining("", "CASE", " END"));
      }
    };
  }
}
