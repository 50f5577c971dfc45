package io.reshard.job.change;

import java.nio.charset.StandardCharsets;

/** How table and column names look in the connector's settings and in its records. */
final class ConnectorNames {

  private ConnectorNames() {}

  /**
   * A regular expression that matches this name and nothing else. Debezium reads its lists of
   * tables as regular expressions between commas, so every character that could mean anything is
   * written as its code point.
   */
  static String literal(String name) {
    StringBuilder regex = new StringBuilder();
    name.codePoints()
        .forEach(
            point -> {
              if (point < 128 && (Character.isLetterOrDigit(point) || point == '_')) {
                regex.appendCodePoint(point);
              } else {
                regex.append("\\x{%x}".formatted(point));
              }
            });
    return regex.toString();
  }

  /**
   * The name as Debezium's pgoutput decoder reads it: it takes each byte of the UTF-8 form for one
   * char, and Java widens a byte with its sign. For an ASCII name this is the name itself.
   */
  static String onTheWire(String name) {
    StringBuilder wire = new StringBuilder();
    for (byte unit : name.getBytes(StandardCharsets.UTF_8)) {
      wire.append((char) unit);
    }
    return wire.toString();
  }
}
