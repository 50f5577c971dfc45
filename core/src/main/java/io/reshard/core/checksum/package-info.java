/**
 * The hash of a row, computed inside PostgreSQL, by which two sides of a migration are compared.
 * Builds SQL only; opens no connection.
 */
package io.reshard.core.checksum;
