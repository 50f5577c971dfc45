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
  private static final int PER_SOURCE = BenchShards.TARGETS / BenchShards.SOURCES;

  private final BenchShards shards;

  RawPipe(BenchShards shards) {
    this.shards = shards;
  }

  void copy(int indexes) throws SQLException, IOException, InterruptedException {
    List<Process> pipes = new ArrayList<>();
    try {
      for (int target = 0; target < BenchShards.TARGETS; target++) {
        shards.targetServer(target).createDatabase(database(target));
        BenchShards.execute(shards.targetServer(target), database(target), BenchShards.TABLE);
        BenchShards.execute(
            shards.targetServer(target),
            database(target),
            "ALTER TABLE public.item DROP CONSTRAINT item_pkey");
        pipes.add(pipe(target, indexes));
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

  private Process pipe(int target, int indexes) throws IOException {
    int source = target / PER_SOURCE;
    String select =
        "SELECT * FROM public.item WHERE (hashint8extended(id, 0) & 1) = " + target % PER_SOURCE;
    List<String> build = new ArrayList<>();
    build.add("ALTER TABLE public.item ADD PRIMARY KEY (id)");
    build.addAll(BenchShards.indexes(indexes));
    ProcessBuilder shell =
        new ProcessBuilder(
            "bash",
            "-c",
            "set -o pipefail; psql -qd \"$1\" -c \"COPY ($3) TO STDOUT (FORMAT binary)\""
                + " | psql -qd \"$2\" -c 'COPY public.item FROM STDIN (FORMAT binary)'"
                + " && psql -qd \"$2\" -c \"$4\"",
            "pipe",
            url(shards.sourceServer(source), "source_" + source),
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
