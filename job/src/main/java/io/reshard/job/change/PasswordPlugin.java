package io.reshard.job.change;

import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import org.postgresql.plugin.AuthenticationPlugin;
import org.postgresql.plugin.AuthenticationRequestType;

/**
 * Hands pgjdbc the password of a shard, so that it need not stand among the connector's settings:
 * those it writes to the log (FLINK-38685). pgjdbc creates it by name, hence public.
 */
public final class PasswordPlugin implements AuthenticationPlugin {

  private static final String ACCOUNT = "reshardAccount";

  private static final Map<String, String> PASSWORDS = new ConcurrentHashMap<>();

  private final String account;

  /** For pgjdbc. */
  public PasswordPlugin(Properties connection) {
    this.account = connection.getProperty(ACCOUNT);
  }

  @Override
  public char[] getPassword(AuthenticationRequestType type) {
    String password = PASSWORDS.get(account);
    return password == null ? null : password.toCharArray();
  }

  /** Makes connections with these Debezium properties ask this plugin. */
  static void configure(Properties debezium, ChangeSourceSettings settings) {
    debezium.setProperty("database.authenticationPluginClassName", PasswordPlugin.class.getName());
    debezium.setProperty("database." + ACCOUNT, account(settings));
  }

  /** To be called in each process that connects, before it connects; idempotent. */
  static void register(ChangeSourceSettings settings) {
    // A server may ask for none.
    if (settings.password() != null) {
      PASSWORDS.put(account(settings), settings.password());
    }
  }

  private static String account(ChangeSourceSettings settings) {
    return "%s@%s:%d/%s"
        .formatted(settings.user(), settings.host(), settings.port(), settings.database());
  }
}
