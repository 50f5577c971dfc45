package io.reshard.orchestrator.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code reshard sql}. */
@Command(
    name = "sql",
    description =
        "Executes PRAGMA reshardTable('T', N): plans and starts it, prints the operation's id and"
            + " returns; a background process drives it.")
final class SqlCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Parameters(paramLabel = "STATEMENT", description = "The statement, in quotes.")
  String statement;

  @Override
  public Integer call() {
    Pragma pragma = Pragma.parse(statement);
    new TableResharding(common).start(pragma.table(), pragma.shards());
    return ExitCode.OK;
  }
}
