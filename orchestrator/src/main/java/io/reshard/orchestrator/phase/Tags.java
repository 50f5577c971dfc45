package io.reshard.orchestrator.phase;

import io.opentelemetry.api.common.AttributeKey;

/** What metrics and spans are tagged with. */
public final class Tags {
  public static final AttributeKey<String> ID = AttributeKey.stringKey("resharding.id");
  public static final AttributeKey<String> PHASE = AttributeKey.stringKey("resharding.phase");
  public static final AttributeKey<String> ERROR = AttributeKey.stringKey("resharding.error");
  public static final AttributeKey<String> SOURCE_SHARD =
      AttributeKey.stringKey("resharding.source_shard");
  public static final AttributeKey<String> TARGET_SHARD =
      AttributeKey.stringKey("resharding.target_shard");
  public static final AttributeKey<Long> STEP_COUNT = AttributeKey.longKey("resharding.step_count");
  public static final AttributeKey<Long> ESTIMATED_ROWS =
      AttributeKey.longKey("resharding.estimated_rows");
  public static final AttributeKey<Long> DURATION_MS =
      AttributeKey.longKey("resharding.duration_ms");

  private Tags() {}
}
