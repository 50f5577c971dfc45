/**
 * What an operator or a Java program hangs into an operation: who is told of completed phases, and
 * who may refuse the cutover. Knows nothing of how an operation is carried out.
 */
package io.reshard.orchestrator.hook;
