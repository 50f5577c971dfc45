package io.reshard.job.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.job.apply.ItemApplication.Change;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;

/**
 * Fetchers and writers of two lanes, driven through random interleavings of commits, commits that
 * are decoded before they are visible, crashes, replays, evictions and refetches, on real
 * databases. Whenever all is drained the target must hold what the sources hold.
 */
class InterleavingsITCase {
  private static final int ITEMS = 4;

  private static ItemShards shards;

  private final List<ItemLane> lanes = new ArrayList<>();
  private final List<Change> sinceCheckpoint = new ArrayList<>();
  private final List<String> story = new ArrayList<>();
  private ItemApplication application;
  private Random random;

  @Property(tries = 15, shrinking = ShrinkingMode.OFF)
  void theTargetBecomesWhatTheSourcesAre(
      @ForAll long seed, @ForAll @IntRange(min = 20, max = 120) int steps) throws Exception {
    if (shards == null) {
      shards = new ItemShards();
    }
    shards.reset(ITEMS);
    sinceCheckpoint.clear();
    story.clear();
    random = new Random(seed);
    start();
    try (ItemApplication users = new ItemApplication(shards, this::deliver)) {
      application = users;
      for (int step = 0; step < steps; step++) {
        step(random.nextInt(100));
      }
      drainAndCompare();
    } finally {
      stop();
    }
  }

  private void start() throws SQLException {
    lanes.add(new ItemLane(shards, shards.newAttempt(), 0));
    lanes.add(new ItemLane(shards, shards.sameAttempt(), 1));
    lanes.get(0).settleLeftovers();
  }

  private void stop() throws Exception {
    for (ItemLane lane : lanes) {
      lane.die();
    }
    lanes.clear();
  }

  private void deliver(Change change) {
    story.add("    " + change);
    sinceCheckpoint.add(change);
    lane(change).add(change);
  }

  private ItemLane lane(Change change) {
    return lanes.get((int) (change.id() / 2 % 2));
  }

  private void step(int kind) throws Exception {
    int lane = random.nextInt(2);
    if (kind < 30) {
      change();
    } else if (kind < 40) {
      tell("commit what is delayed");
      application.commitDelayed();
    } else if (kind < 60) {
      tell("fetch in lane " + lane);
      lanes.get(lane).fetch(1 + random.nextInt(3));
    } else if (kind < 78) {
      tell("write in lane " + lane);
      lanes.get(lane).write();
    } else if (kind < 92) {
      tell("settle in lane " + lane);
      lanes.get(lane).settle(() -> meanwhile(1 - lane));
    } else if (kind < 96) {
      tell("crash");
      stop();
      start();
      sinceCheckpoint.forEach(change -> lane(change).add(change));
    } else {
      drainAndCompare();
      sinceCheckpoint.clear();
    }
  }

  /** What the other lane does between the read of a key and its merge. */
  private void meanwhile(int lane) {
    try {
      tell("meanwhile in lane " + lane);
      change();
      lanes.get(lane).fetch(5);
      lanes.get(lane).write();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private void change() throws SQLException {
    int source = random.nextInt(2);
    long one = item(source);
    boolean delay = random.nextInt(4) == 0;
    switch (random.nextInt(8)) {
      case 0, 1, 2 -> application.swap(source, one, item(source), delay);
      case 3 -> application.pass(source, one, source, item(source));
      case 4 -> application.pass(source, one, 1 - source, item(1 - source));
      case 5 -> application.move(source, one);
      case 6 -> application.touch(source, one, delay);
      default -> {
        if (random.nextInt(4) == 0) {
          application.delete(source, one);
        }
      }
    }
  }

  private long item(int source) {
    return 2L * (1 + random.nextInt(ITEMS)) + source;
  }

  private void drainAndCompare() throws Exception {
    tell("drain");
    application.commitDelayed();
    for (ItemLane lane : lanes) {
      lane.drain();
    }
    assertThat(lanes).as("false alarms after%n%s", story).allMatch(lane -> lane.mismatches() == 0);
    assertThat(shards.actual())
        .as("the target after%n%s", String.join("\n", story))
        .isEqualTo(shards.expected());
    assertThat(shards.query(ItemShards.TARGET, "SELECT key::text FROM reshard.refetch")).isEmpty();
  }

  private void tell(String what) {
    story.add(what);
  }
}
