/** Access to PostgreSQL: addresses, sessions, secrets, quoting. Knows nothing of plans or Flink. */
package io.reshard.core.postgres;
