package io.reshard.job.change;

import io.reshard.core.postgres.Endpoint;
import java.io.Serializable;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a change source needs to know of its shard.
 *
 * @param source ordinal of the source shard, carried by each event
 * @param endpoint the database that holds the captured tables and the heartbeat, and a role with
 *     the REPLICATION attribute
 * @param slot an existing logical slot of the plugin pgoutput
 * @param publication an existing publication of the captured tables and of {@code
 *     reshard.heartbeat}
 * @param operationId which row of {@code reshard.heartbeat} is this operation's
 * @param tables the captured tables; changes of all others are passed over
 */
public record ChangeSourceSettings(
    short source,
    Endpoint endpoint,
    String slot,
    String publication,
    String operationId,
    List<CapturedTable> tables)
    implements Serializable {

  /** What PostgreSQL allows in the name of a slot; the connector quotes neither of the two. */
  private static final Pattern NAME = Pattern.compile("[a-z0-9_]{1,63}");

  /**
   * Checks the settings.
   *
   * @throws IllegalArgumentException if slot or publication is named with anything but lower-case
   *     letters, digits and underscores
   */
  public ChangeSourceSettings {
    tables = List.copyOf(tables);
    requireName("slot", slot);
    requireName("publication", publication);
  }

  private static void requireName(String setting, String value) {
    if (!NAME.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "%s is \"%s\", and must consist of 1 to 63 lower-case letters, digits and underscores"
              .formatted(setting, value));
    }
  }

  /** The shard without the secret: fit for logs and messages. */
  @Override
  public String toString() {
    return "source %d: %s as %s, slot %s, publication %s, %d tables"
        .formatted(source, endpoint, endpoint.user(), slot, publication, tables.size());
  }
}
