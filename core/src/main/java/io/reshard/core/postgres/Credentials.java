package io.reshard.core.postgres;

import java.io.Serializable;

/** User and password; {@link #toString()} hides the latter. Both may be null. */
public record Credentials(String user, String password) implements Serializable {
  @Override
  public String toString() {
    return "Credentials[user=" + user + "]";
  }
}
