package io.reshard.verifier;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlanFile;
import io.reshard.core.postgres.Secrets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The command line of the verification job. */
final class VerifierArguments {
  static final String USAGE =
      "usage: --plan plan.json --secrets secrets.yaml [--run ID]"
          + " [--mode COUNT|CHECKSUM|COUNT_AND_CHECKSUM] [--samples N] [--wait SECONDS]"
          + " [--no-wait] [--submitted]";

  private static final String NO_WAIT = "--no-wait";
  private static final String SUBMITTED = "--submitted";
  private static final Set<String> WITHOUT_VALUE = Set.of(NO_WAIT, SUBMITTED);
  private static final Set<String> WITH_VALUE =
      Set.of("--plan", "--secrets", "--run", "--mode", "--samples", "--wait");
  private static final int MAX_SAMPLES = 1_000_000;
  private static final int MAX_WAIT_SECONDS = 86_400;

  private final Map<String, String> values;

  private VerifierArguments(Map<String, String> values) {
    this.values = values;
  }

  /**
   * The files and options that {@code arguments} name; {@code invalid_arguments} if they do not.
   */
  static VerifierArguments parse(String... arguments) {
    Map<String, String> values = new HashMap<>();
    List<String> words = Arrays.asList(arguments);
    for (int index = 0; index < words.size(); index++) {
      String name = words.get(index);
      if (WITHOUT_VALUE.contains(name)) {
        values.put(name, "");
      } else if (!WITH_VALUE.contains(name)) {
        throw invalid("unknown argument '" + name + "'");
      } else if (index + 1 == words.size()) {
        throw invalid(name + " needs a value");
      } else {
        index++;
        values.put(name, words.get(index));
      }
    }
    for (String required : List.of("--plan", "--secrets")) {
      if (!values.containsKey(required)) {
        throw invalid(required + " is missing");
      }
    }
    return new VerifierArguments(values);
  }

  Plan plan() {
    return PlanFile.read(Path.of(values.get("--plan")));
  }

  /** Reads the secrets, too; the plan's splits are not part of it. */
  Verification verification(Plan plan) {
    return new Verification(
        plan,
        Secrets.read(Path.of(values.get("--secrets"))),
        values.getOrDefault("--run", Instant.now().toString()),
        mode(),
        number("--samples", 10, MAX_SAMPLES),
        !values.containsKey(NO_WAIT),
        Duration.ofSeconds(number("--wait", 60, MAX_WAIT_SECONDS)));
  }

  /** Whether the run's job is noted, as {@code reshard verify} does before it submits one. */
  boolean submitted() {
    return values.containsKey(SUBMITTED);
  }

  private VerificationMode mode() {
    String text = values.getOrDefault("--mode", VerificationMode.COUNT_AND_CHECKSUM.name());
    try {
      return VerificationMode.valueOf(text);
    } catch (IllegalArgumentException e) {
      throw invalid(
          "--mode is '" + text + "' but must be one of " + List.of(VerificationMode.values()));
    }
  }

  private int number(String name, int byDefault, int maximum) {
    String text = values.get(name);
    if (text == null) {
      return byDefault;
    }
    if (text.matches("[0-9]{1,9}") && Integer.parseInt(text) <= maximum) {
      return Integer.parseInt(text);
    }
    throw invalid(name + " is '" + text + "' but must be a number from 0 to " + maximum);
  }

  private static ReshardingException invalid(String problem) {
    return new ReshardingException(ErrorCode.INVALID_ARGUMENTS, problem + "; " + USAGE);
  }
}
