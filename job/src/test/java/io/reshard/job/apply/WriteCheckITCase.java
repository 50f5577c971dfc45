package io.reshard.job.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.job.apply.ItemApplication.Change;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A target that does not keep what it is given: a trigger that fires for every role. */
class WriteCheckITCase {
  private static final long ITEM = 2;

  private ItemShards shards;
  private ItemLane lane;
  private ItemApplication application;

  @BeforeEach
  void start() throws Exception {
    shards = new ItemShards();
    shards.reset(2);
    lane = new ItemLane(shards, shards.newAttempt(), 0);
    application = new ItemApplication(shards, change -> lane.add(change));
  }

  @AfterEach
  void stop() throws Exception {
    application.close();
    lane.die();
  }

  @Test
  void whatIsKeptRaisesNoAlarm() throws Exception {
    application.touch(0, ITEM, false);
    lane.drain();
    application.delete(0, ITEM);
    lane.drain();

    assertThat(lane.mismatches()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"NEW.version := -1; RETURN NEW", "NEW.id := 9; RETURN NEW"})
  void aRowThatIsChangedOnItsWayIsNoticed(String body) throws Exception {
    trigger("INSERT", body);
    application.touch(0, ITEM, false);
    lane.drain();

    assertThat(lane.mismatches()).isEqualTo(1);
  }

  @Test
  void aRowThatIsNotDeletedIsNoticed() throws Exception {
    trigger("DELETE", "RETURN NULL");
    application.delete(0, ITEM);
    lane.drain();

    assertThat(lane.mismatches()).isEqualTo(1);
  }

  /** The row of another item is in the way, is evicted, and comes back changed. */
  @Test
  void aRowThatIsFetchedAgainIsCheckedToo() throws Exception {
    long other = 4;
    trigger("INSERT", "IF NEW.id = " + other + " THEN NEW.version := -1; END IF; RETURN NEW");
    List<Change> changes = new ArrayList<>();
    try (ItemApplication users = new ItemApplication(shards, changes::add)) {
      users.pass(0, other, 0, ITEM);
    }
    changes.stream().filter(change -> change.id() == ITEM).forEach(lane::add);
    lane.drain();

    assertThat(shards.query(ItemShards.TARGET, "SELECT version FROM item WHERE id = " + other))
        .containsExactly("-1");
    assertThat(lane.mismatches()).isEqualTo(1);
  }

  private void trigger(String event, String body) throws SQLException {
    shards.run(
        ItemShards.TARGET,
        "CREATE OR REPLACE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            + body
            + "; END $$",
        "CREATE TRIGGER spoil BEFORE " + event + " ON item FOR EACH ROW EXECUTE FUNCTION spoil()",
        "ALTER TABLE item ENABLE ALWAYS TRIGGER spoil");
  }
}
