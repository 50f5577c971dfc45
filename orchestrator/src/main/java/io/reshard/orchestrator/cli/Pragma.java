package io.reshard.orchestrator.cli;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The statement {@code PRAGMA reshardTable('table', shards)}. Letters of either case, blanks
 * between the parts and one semicolon at the end are allowed; the quotes may be single or double.
 *
 * @param table as it is written
 * @param shards how many shards the table shall have
 */
record Pragma(String table, int shards) {
  private static final String USAGE = "; write PRAGMA reshardTable('public.orders', 4)";
  private static final Pattern STATEMENT =
      Pattern.compile(
          "\\s*PRAGMA\\s+(?<name>\\w+)\\s*(?<arguments>\\(.*\\))?\\s*;?\\s*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
  private static final Pattern ARGUMENTS =
      Pattern.compile("\\(\\s*(?:'([^']*)'|\"([^\"]*)\")?\\s*(?:,\\s*([^,]*?)\\s*)?\\)");

  /** Parses a statement; {@code invalid_arguments} says what is wrong with it. */
  static Pragma parse(String sql) {
    Matcher statement = STATEMENT.matcher(sql);
    if (!statement.matches()) {
      throw invalid("'" + sql.strip() + "' is not a PRAGMA statement");
    }
    if (!statement.group("name").equalsIgnoreCase("reshardTable")) {
      throw invalid("the pragma '" + statement.group("name") + "' is not supported");
    }
    String arguments = statement.group("arguments");
    Matcher parts = ARGUMENTS.matcher(arguments == null ? "" : arguments);
    if (!parts.matches()) {
      throw invalid("reshardTable takes a quoted table and a number of shards");
    }
    String table = parts.group(1) == null ? parts.group(2) : parts.group(1);
    if (table == null || table.isBlank()) {
      throw invalid("reshardTable names no table");
    }
    return new Pragma(table.strip(), count(parts.group(3)));
  }

  private static int count(String text) {
    if (text == null || text.isEmpty()) {
      throw invalid("reshardTable names no number of shards");
    }
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw invalid("the number of shards, '" + text + "', is not a whole number");
    }
  }

  private static ReshardingException invalid(String reason) {
    return new ReshardingException(ErrorCode.INVALID_ARGUMENTS, reason + USAGE);
  }
}
