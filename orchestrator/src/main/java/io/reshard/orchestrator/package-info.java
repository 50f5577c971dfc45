/**
 * The Java API: one class that stands for all of it. What the others can do alone is in their
 * packages.
 */
package io.reshard.orchestrator;
