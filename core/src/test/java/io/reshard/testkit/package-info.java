/**
 * The test kit: embedded PostgreSQL servers, a sharded example application, writers that remember
 * what they wrote, and comparisons in plain SQL. It judges the product, so it may not know one
 * class of it: only JDBC and the embedded server's binaries. The tests and the demo both use it.
 */
package io.reshard.testkit;
