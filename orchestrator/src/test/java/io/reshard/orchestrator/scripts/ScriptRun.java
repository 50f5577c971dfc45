package io.reshard.orchestrator.scripts;

import io.reshard.orchestrator.flink.JobJars;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One run of a script, with all that it wrote. */
record ScriptRun(int exit, String out, String err) {
  private static final long LIMIT_MINUTES = 5;

  static Path script(String name) {
    return JobJars.home().resolve("scripts").resolve(name);
  }

  static ScriptRun of(
      Path script, Path workingFolder, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(arguments));
    File out = File.createTempFile("out", null, workingFolder.toFile());
    File err = File.createTempFile("err", null, workingFolder.toFile());
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(workingFolder.toFile())
            .redirectOutput(out)
            .redirectError(err);
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new IOException(command + " did not end: " + Files.readString(err.toPath()));
    }
    return new ScriptRun(
        process.exitValue(), Files.readString(out.toPath()), Files.readString(err.toPath()));
  }
}
