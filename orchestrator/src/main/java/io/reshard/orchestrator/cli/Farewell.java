package io.reshard.orchestrator.cli;

import java.util.concurrent.atomic.AtomicBoolean;

/** What is said if the process is ended, by Ctrl-C for example, before the command is. */
final class Farewell {
  private final AtomicBoolean needless = new AtomicBoolean();

  private Farewell() {}

  static Farewell prepare(CommonOptions common, String text) {
    Farewell farewell = new Farewell();
    Runnable say =
        () -> {
          if (!farewell.needless.get()) {
            common.say(text);
          }
        };
    Runtime.getRuntime().addShutdownHook(new Thread(say, "farewell"));
    return farewell;
  }

  /** The command has come to its end. */
  void omit() {
    needless.set(true);
  }
}
