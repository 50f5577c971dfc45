package io.reshard.job;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.nio.file.Path;

/** The arguments of the job: {@code --plan FILE --secrets FILE}, both required. */
record JobArguments(Path plan, Path secrets) {
  static final String USAGE = "usage: flink run reshard-job.jar --plan FILE --secrets FILE";

  /** {@code invalid_arguments} names what is missing or unknown. */
  static JobArguments parse(String[] arguments) {
    Path plan = null;
    Path secrets = null;
    for (int index = 0; index < arguments.length; index += 2) {
      String value = index + 1 < arguments.length ? arguments[index + 1] : null;
      if (value == null) {
        throw invalid(arguments[index] + " has no value");
      }
      switch (arguments[index]) {
        case "--plan" -> plan = Path.of(value);
        case "--secrets" -> secrets = Path.of(value);
        default -> throw invalid("unknown argument " + arguments[index]);
      }
    }
    if (plan == null || secrets == null) {
      throw invalid((plan == null ? "--plan" : "--secrets") + " is missing");
    }
    return new JobArguments(plan, secrets);
  }

  private static ReshardingException invalid(String what) {
    return new ReshardingException(ErrorCode.INVALID_ARGUMENTS, what + "; " + USAGE);
  }
}
