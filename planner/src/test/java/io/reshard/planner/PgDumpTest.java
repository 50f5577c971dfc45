package io.reshard.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.postgres.Endpoint;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PgDumpTest {
  @Test
  void getsWhatTheUrlAsksOfTls() {
    assertThat(
            PgDump.environment(
                new Endpoint(
                    "shard-0",
                    "jdbc:postgresql://db-1/app?sslmode=verify-full&sslrootcert=/etc/ca.pem",
                    "reshard",
                    "secret")))
        .isEqualTo(
            Map.of(
                "PGPASSWORD",
                "secret",
                "PGSSLMODE",
                "verify-full",
                "PGSSLROOTCERT",
                "/etc/ca.pem"));
  }

  @Test
  void isLeftToItselfOtherwise() {
    assertThat(PgDump.environment(new Endpoint("shard-0", "jdbc:postgresql://db-1/app", "u", null)))
        .isEmpty();
  }
}
