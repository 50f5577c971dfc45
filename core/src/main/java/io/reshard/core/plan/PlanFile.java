package io.reshard.core.plan;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads and writes plan.json. */
public final class PlanFile {
  private PlanFile() {}

  /** The plan in {@code file}; {@code invalid_plan} if it is none of this version. */
  public static Plan read(Path file) {
    return check(Documents.readFile(file, Plan.class, ErrorCode.INVALID_PLAN), file.toString());
  }

  /** The plan in {@code json}; {@code invalid_plan} if it is none of this version. */
  public static Plan parse(String json, String origin) {
    return check(Documents.parse(json, Plan.class, ErrorCode.INVALID_PLAN, origin), origin);
  }

  public static void write(Plan plan, Path file) {
    try {
      Files.writeString(file, Documents.toPrettyJson(plan) + "\n");
    } catch (IOException e) {
      throw new ReshardingException(
          ErrorCode.INVALID_PLAN, "cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  private static Plan check(Plan plan, String origin) {
    if (plan.format() != Plan.FORMAT) {
      throw new ReshardingException(
          ErrorCode.INVALID_PLAN,
          origin
              + " has the format "
              + plan.format()
              + ", but this version reads "
              + Plan.FORMAT
              + "; make the plan again");
    }
    return plan;
  }
}
