package io.reshard.planner;

import io.reshard.core.json.Documents;
import io.reshard.core.plan.Plan;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;

/** Gives plans their ids: from what is in them, so that the same plan has the same id. */
final class PlanIds {
  private static final int DIGEST_BYTES = 6;

  private PlanIds() {}

  /**
   * The plan under its id: the version of the topology that it leads to, a digest, and a number if
   * an operation has made the same plan before, such as one that was rolled back.
   */
  static Plan identify(Plan plan, Collection<String> taken) {
    String base = "v" + plan.target().version() + "-" + digest(Documents.toJson(plan));
    String id = base;
    for (int repetition = 2; taken.contains(id); repetition++) {
      id = base + "-" + repetition;
    }
    return plan.withId(id);
  }

  private static String digest(String json) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(json.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, DIGEST_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
