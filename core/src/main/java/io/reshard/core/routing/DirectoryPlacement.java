package io.reshard.core.routing;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Sql;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Places keys by a list; what is not listed goes to the default shard, if there is one. */
final class DirectoryPlacement implements Placement {
  private final List<Shard> owners;
  private final Shard fallback;
  private final Map<KeyType, Map<String, Shard>> listed = new ConcurrentHashMap<>();

  DirectoryPlacement(Topology topology) {
    this.owners = topology.owners();
    this.fallback = owners.stream().filter(Shard::isDefault).findFirst().orElse(null);
  }

  @Override
  public Shard ofLong(long key) {
    return owner(KeyType.INTEGER, Long.toString(key));
  }

  @Override
  public Shard ofText(String key) {
    return owner(KeyType.TEXT, key);
  }

  @Override
  public Shard ofUuid(UUID key) {
    return owner(KeyType.UUID, key.toString());
  }

  /** {@code key_not_routed} for a key that nobody owns. */
  private Shard owner(KeyType type, String key) {
    Shard owner = listed.computeIfAbsent(type, this::byKey).getOrDefault(key, fallback);
    if (owner == null) {
      throw new ReshardingException(
          ErrorCode.KEY_NOT_ROUTED,
          "no shard lists the key '" + key + "', and none is the default; add it to a shard");
    }
    return owner;
  }

  private Map<String, Shard> byKey(KeyType type) {
    Map<String, Shard> byKey = new HashMap<>();
    for (Shard owner : owners) {
      for (String key : owner.listedKeys()) {
        Shard other = byKey.put(canonical(type, key), owner);
        if (other != null && !other.equals(owner)) {
          throw new ReshardingException(
              ErrorCode.INVALID_TOPOLOGY,
              "the key '" + key + "' is listed by " + other.id() + " and by " + owner.id());
        }
      }
    }
    return Map.copyOf(byKey);
  }

  /** One spelling for one value. */
  private static String canonical(KeyType type, String key) {
    return switch (type) {
      case INTEGER -> Long.toString(Long.parseLong(key));
      case UUID -> java.util.UUID.fromString(key).toString();
      case TEXT, OTHER -> key;
    };
  }

  @Override
  public void check(String formatType) {
    try {
      byKey(KeyType.of(formatType));
    } catch (IllegalArgumentException e) {
      throw new ReshardingException(
          ErrorCode.INVALID_TOPOLOGY,
          "a listed key is not a value of the shard key's type "
              + formatType
              + ": "
              + e.getMessage(),
          e);
    }
  }

  @Override
  public SqlPlacement sql(String column, String formatType, String schema) {
    KeyType type = KeyType.of(formatType);
    String key =
        switch (type) {
          case INTEGER, UUID -> column;
          case TEXT, OTHER -> "(" + type.textSql(column, schema) + " COLLATE \"C\")";
        };
    String array = type == KeyType.INTEGER ? "bigint" : type == KeyType.UUID ? "uuid" : "text";
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
        String list = keys.map(Sql::literal).collect(Collectors.joining(", "));
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
