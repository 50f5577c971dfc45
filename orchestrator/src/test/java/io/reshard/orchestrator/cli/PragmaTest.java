package io.reshard.orchestrator.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PragmaTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "PRAGMA reshardTable('public.orders', 4)",
        "pragma RESHARDTABLE ( \"public.orders\" , 4 ) ;",
        "\n PRAGMA\treshardTable('public.orders',4);\n",
      })
  void parses(String sql) {
    assertThat(Pragma.parse(sql)).isEqualTo(new Pragma("public.orders", 4));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          SELECT 1                             | is not a PRAGMA statement
          PRAGMA                               | is not a PRAGMA statement
          PRAGMA vacuum                        | the pragma 'vacuum' is not supported
          PRAGMA reshardTable                  | takes a quoted table and a number
          PRAGMA reshardTable()                | names no table
          PRAGMA reshardTable('', 4)           | names no table
          PRAGMA reshardTable('orders')        | names no number of shards
          PRAGMA reshardTable('orders', )      | names no number of shards
          PRAGMA reshardTable('orders', many)  | 'many', is not a whole number
          PRAGMA reshardTable('orders', 2.5)   | '2.5', is not a whole number
          PRAGMA reshardTable(orders, 4)       | takes a quoted table and a number
          PRAGMA reshardTable('orders', 4, 5)  | takes a quoted table and a number
          """)
  void saysWhatIsWrong(String sql, String message) {
    assertThatThrownBy(() -> Pragma.parse(sql))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.INVALID_ARGUMENTS))
        .hasMessageContaining(message);
  }
}
