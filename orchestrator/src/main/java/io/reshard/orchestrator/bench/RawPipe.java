package io.reshard.orchestrator.bench;

import io.reshard.testkit.EmbeddedPostgresServer;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The same rows through {@code psql COPY | psql COPY}: one pipe per target, all at once, each with
 * the target's half of its source, into tables whose indexes are built when the rows are there.
 */
final class RawPipe {
  private final BenchShards shards;

  RawPipe(BenchShards shards) {
    this.shards = shards;
  }

  /** Makes the databases and tables. */
  void prepare() throws SQLException {
    for (int target = 0; target < BenchShards.TARGETS; target++) {
      EmbeddedPostgresServer server = shards.targetServer(target);
      server.createDatabase(database(target));
      BenchShards.execute(server, database(target), shards.table().create());
      BenchShards.execute(
          server, database(target), "ALTER TABLE public.item DROP CONSTRAINT item_pkey");
    }
  }

  void copy() throws IOException, InterruptedException {
    List<Process> pipes = new ArrayList<>();
    try {
      for (int target = 0; target < BenchShards.TARGETS; target++) {
        pipes.add(pipe(target));
      }
      for (Process pipe : pipes) {
        if (pipe.waitFor() != 0) {
          throw new IOException("a raw pipe ended with " + pipe.exitValue());
        }
      }
    } finally {
      pipes.forEach(Process::destroyForcibly);
    }
  }

  private Process pipe(int target) throws IOException {
    int source = target / BenchShards.TARGETS_PER_SOURCE;
    String select =
        "SELECT * FROM public.item WHERE "
            + shards.table().isHalf(target % BenchShards.TARGETS_PER_SOURCE);
    List<String> build = new ArrayList<>();
    build.add("ALTER TABLE public.item ADD PRIMARY KEY (id)");
    build.addAll(shards.table().createIndexes());
    ProcessBuilder shell =
        new ProcessBuilder(
            "bash",
            "-c",
            "set -o pipefail; psql -qd \"$1\" -c \"COPY ($3) TO STDOUT (FORMAT binary)\""
                + " | psql -qd \"$2\" -c 'COPY public.item FROM STDIN (FORMAT binary)'"
                + " && psql -qd \"$2\" -c \"$4\"",
            "pipe",
            url(shards.sourceServer(source), BenchShards.sourceDatabase(source)),
            url(shards.targetServer(target), database(target)),
            select,
            String.join("; ", build));
    return shell.redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private static String url(EmbeddedPostgresServer server, String database) {
    return "postgresql://%s@127.0.0.1:%d/%s"
        .formatted(EmbeddedPostgresServer.USER, server.port(), database);
  }

  private static String database(int target) {
    return "raw_" + target;
  }
}
