package io.reshard.testkit;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Settings of an embedded server. Immutable: each method returns a copy. The defaults suit a shard
 * of a small, durable production server: logical decoding possible, fsync and synchronous commit
 * on.
 *
 * @param port TCP port; 0 takes a free one
 * @param settings server settings by name, as in postgresql.conf
 * @param oldest whether it is a server of the oldest major version that the product supports
 * @param startTimeout for how long a start is waited for; a server that cannot start at all is
 *     noticed only then
 */
public record ServerOptions(
    int port, Map<String, String> settings, boolean oldest, Duration startTimeout) {
  public ServerOptions {
    settings = new TreeMap<>(settings);
  }

  public static ServerOptions defaults() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("wal_level", "logical");
    settings.put("max_wal_senders", "32");
    settings.put("max_replication_slots", "32");
    settings.put("max_connections", "200");
    settings.put("max_prepared_transactions", "0");
    settings.put("max_wal_size", "2GB");
    settings.put("fsync", "on");
    settings.put("synchronous_commit", "on");
    settings.put("timezone", "UTC");
    settings.put("unix_socket_directories", "");
    return new ServerOptions(0, settings, false, Duration.ofSeconds(60));
  }

  /** No fsync: faster, and only a crash of the machine, not of the server, can lose data. */
  public static ServerOptions fast() {
    return defaults().fsync(false);
  }

  public ServerOptions fsync(boolean on) {
    return setting("fsync", on ? "on" : "off");
  }

  public ServerOptions maxPreparedTransactions(int count) {
    return setting("max_prepared_transactions", Integer.toString(count));
  }

  /** A server of PostgreSQL 15, in a module whose build brings one. */
  public ServerOptions ofTheOldestVersion() {
    return new ServerOptions(port, settings, true, startTimeout);
  }

  public ServerOptions onPort(int newPort) {
    return new ServerOptions(newPort, settings, oldest, startTimeout);
  }

  public ServerOptions waitingAtMost(Duration timeout) {
    return new ServerOptions(port, settings, oldest, timeout);
  }

  public ServerOptions setting(String name, String value) {
    Map<String, String> changed = new LinkedHashMap<>(settings);
    changed.put(name, value);
    return new ServerOptions(port, changed, oldest, startTimeout);
  }
}
