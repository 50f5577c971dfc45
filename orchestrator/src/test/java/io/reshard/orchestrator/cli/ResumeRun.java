package io.reshard.orchestrator.cli;

/** {@code reshard resume} for tests of other packages, run in this process. */
public record ResumeRun(int exit, String err) {
  /** Runs it with {@code arguments}. */
  public static ResumeRun of(String... arguments) {
    String[] words = new String[arguments.length + 1];
    words[0] = "resume";
    System.arraycopy(arguments, 0, words, 1, arguments.length);
    CommandRun run = CommandRun.of(words);
    return new ResumeRun(run.exit(), run.err());
  }
}
