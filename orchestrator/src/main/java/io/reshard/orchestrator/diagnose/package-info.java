/**
 * What is where of an operation, and what does not fit together. Mends by calling what the other
 * packages have for it, and holds no second way to switch or to undo.
 */
package io.reshard.orchestrator.diagnose;
