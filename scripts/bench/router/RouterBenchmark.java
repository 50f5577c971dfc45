package io.reshard.bench;

import io.reshard.core.routing.Router;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** Routes per microsecond, which is millions per second, of one thread; 16 shards, random keys. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class RouterBenchmark {
  private static final int SHARDS = 16;

  /** Few enough for the cache: what is measured is the router. */
  private static final int KEYS = 1024;

  @Param({"POSTGRES", "XXHASH64", "MURMUR3", "CRC32", "MD5"})
  public HashFunction function;

  @Param({"HASH", "MODULO", "RING"})
  public RoutingStrategy strategy;

  private Router ofLongs;

  private Router ofTexts;
  private Router ofUuids;
  private final long[] longs = new long[KEYS];
  private final String[] texts = new String[KEYS];
  private final UUID[] uuids = new UUID[KEYS];

  @Setup
  public void prepare() {
    Random random = new Random(1);
    for (int index = 0; index < KEYS; index++) {
      longs[index] = random.nextLong();
      texts[index] = "customer-" + random.nextInt();
      uuids[index] = new UUID(random.nextLong(), random.nextLong());
    }
    List<Shard> shards = new ArrayList<>();
    long step = 1L << 60;
    for (int number = 0; number < SHARDS; number++) {
      KeyRange range = new KeyRange(step * number, step * (number + 1));
      boolean hash = strategy == RoutingStrategy.HASH;
      boolean ring = strategy == RoutingStrategy.RING;
      shards.add(
          new Shard(
              "shard-" + number,
              "node",
              "app_" + number,
              ShardStatus.ACTIVE,
              hash ? range : null,
              strategy == RoutingStrategy.MODULO ? number : null,
              ring ? 1 : null,
              null,
              null,
              null,
              null));
    }
    Node node = new Node("node", "jdbc:postgresql://127.0.0.1/", null, null, null);
    Topology topology =
        new Topology(1, new Routing(strategy, function), List.of(node), shards, List.of());
    ofLongs = new Router(topology, "bigint");
    ofTexts = new Router(topology, "text");
    ofUuids = new Router(topology, "uuid");
  }

  @Benchmark
  @OperationsPerInvocation(KEYS)
  public void bigint(Blackhole hole) {
    for (long key : longs) {
      hole.consume(ofLongs.route(key));
    }
  }

  @Benchmark
  @OperationsPerInvocation(KEYS)
  public void text(Blackhole hole) {
    for (String key : texts) {
      hole.consume(ofTexts.route(key));
    }
  }

  @Benchmark
  @OperationsPerInvocation(KEYS)
  public void uuid(Blackhole hole) {
    for (UUID key : uuids) {
      hole.consume(ofUuids.route(key));
    }
  }
}
