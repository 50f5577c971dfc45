package io.reshard.core.routing;

import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.util.Arrays;
import java.util.Comparator;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/** The strategy modulo. */
final class Remainders implements HashShares {
  private final Shard[] owners;

  Remainders(Topology topology) {
    owners =
        topology.owners().stream()
            .sorted(Comparator.comparing(Shard::remainder))
            .toArray(Shard[]::new);
  }

  @Override
  public Shard owner(long hash) {
    return owners[(int) Long.remainderUnsigned(hash, owners.length)];
  }

  @Override
  public SqlPlacement sql(KeyHash hash, String hashSql, String column) {
    // numeric holds the unsigned sum exactly; bit 64 and above are dropped by the inner modulo.
    String remainder =
        "mod(mod("
            + hashSql
            + "::numeric + "
            + Long.toUnsignedString(hash.sqlOffset())
            + " + 18446744073709551616, 18446744073709551616), "
            + owners.length
            + ")";
    return new SqlPlacement() {
      @Override
      public String ownedBy(Shard shard) {
        return "(" + remainder + " = " + shard.remainder() + ")";
      }

      @Override
      public String owner(ToIntFunction<String> ordinalOf) {
        String ordinals =
            Arrays.stream(owners)
                .map(owner -> Integer.toString(ordinalOf.applyAsInt(owner.id())))
                .collect(Collectors.joining(","));
        return "('{" + ordinals + "}'::smallint[])[" + remainder + "::integer + 1]";
      }
    };
  }
}
