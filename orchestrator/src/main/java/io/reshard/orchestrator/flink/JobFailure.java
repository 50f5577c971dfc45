package io.reshard.orchestrator.flink;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.util.ExceptionUtils;

/**
 * Why a job failed. {@code code} is the code of our own exception, if one is among the causes. A
 * stack trace's text is all that there is to go by: what comes from a cluster is text, and what
 * comes from a main method was thrown by classes of another class loader.
 */
public record JobFailure(Optional<ErrorCode> code, String message) {
  // ReshardingException.toString() names the code.
  private static final Pattern OWN =
      Pattern.compile(
          Pattern.quote(ReshardingException.class.getName())
              + ": ("
              + Pattern.quote(ErrorCode.PREFIX)
              + "[a-z_]+): ([^\\r\\n]*)");
  private static final Pattern CAUSE = Pattern.compile("(?m)^Caused by: ([^\\r\\n]*)");

  static JobFailure of(Throwable failure) {
    return parse(ExceptionUtils.stringifyException(failure));
  }

  /** The innermost of our exceptions in {@code stackTrace}, or else its root cause. */
  static JobFailure parse(String stackTrace) {
    Optional<ErrorCode> code = Optional.empty();
    String message = rootCause(stackTrace);
    Matcher own = OWN.matcher(stackTrace);
    while (own.find()) {
      Optional<ErrorCode> known = codeOf(own.group(1));
      if (known.isPresent()) {
        code = known;
        message = own.group(2);
      }
    }
    return new JobFailure(code, message);
  }

  private static Optional<ErrorCode> codeOf(String text) {
    return Arrays.stream(ErrorCode.values()).filter(code -> code.code().equals(text)).findFirst();
  }

  private static String rootCause(String stackTrace) {
    String cause = stackTrace.lines().findFirst().orElse("no cause is known");
    Matcher causes = CAUSE.matcher(stackTrace);
    while (causes.find()) {
      cause = causes.group(1);
    }
    return cause;
  }
}
