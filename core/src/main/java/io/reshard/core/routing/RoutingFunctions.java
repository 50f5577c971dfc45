package io.reshard.core.routing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * The functions in SQL that {@link RoutingSql} calls where the server has none of its own. They are
 * IMMUTABLE and PARALLEL SAFE, and give null for null.
 */
public final class RoutingFunctions {
  /** The schema that they have on every shard of a migration. */
  public static final String SCHEMA = "reshard";

  private static final String RESOURCE = "functions.sql";

  private RoutingFunctions() {}

  /** Statements that create them, or replace them by the same. */
  public static String statements(String schema) {
    try (InputStream in = RoutingFunctions.class.getResourceAsStream(RESOURCE)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("${schema}", schema);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
