package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.postgres.Endpoint;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChangeSourceSettingsTest {

  @Test
  void neverShowsThePassword() {
    assertThat(settings("slot_1"))
        .asString()
        .isEqualTo(
            "source 1: app (jdbc:postgresql://db:5432/app) as user, slot slot_1, publication publication_1, 1 tables");
  }

  @Test
  void keepsThePasswordOutOfTheConnectorsSettings() {
    assertThat(ConnectorSettings.of(settings("slot_1")).create(0).getDbzProperties())
        .doesNotContainValue("hidden");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Slot", "slot-1", "slot 1", "slot'"})
  void refusesSlotNamesThatPostgresWould(String slot) {
    assertThatThrownBy(() -> settings(slot))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("slot is \"" + slot + "\"");
  }

  private static ChangeSourceSettings settings(String slot) {
    return new ChangeSourceSettings(
        (short) 1,
        new Endpoint("app", "jdbc:postgresql://db:5432/app?sslpassword=hidden", "user", "hidden"),
        slot,
        "publication_1",
        "operation",
        List.of(TestShard.table(0, "public", "t", "id", "bigint")));
  }
}
