/**
 * The command line: arguments, output, exit codes. Holds no rule about operations: it asks the
 * other packages, and writes down what they say.
 */
package io.reshard.orchestrator.cli;
