package io.reshard.job.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.testkit.ServerOptions;
import io.reshard.testkit.StopMode;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Commits that do not wait for the disk, on a server that crashes. */
class CopyWriterITCase {
  private CopyShards shards;
  private OneInputStreamOperatorTestHarness<CopyBlock, SplitCommitted> writer;

  @BeforeEach
  void start() throws Exception {
    // The server would write by itself what has been committed lazily, but not before the crash.
    ServerOptions options = ServerOptions.fast().setting("wal_writer_delay", "10s");
    shards = new CopyShards(options);
    writer = new OneInputStreamOperatorTestHarness<>(new CopyWriter(shards.migration()));
    writer.open();
  }

  @AfterEach
  void stop() throws Exception {
    // Not the harness's close(), which finishes the operator first.
    writer.getOneInputOperator().close();
    shards.close();
  }

  @Test
  void whatACheckpointCountsOnOutlastsACrash() throws Exception {
    write(0);
    write(1);
    writer.prepareSnapshotPreBarrier(1);
    shards.server().restart(StopMode.IMMEDIATE);
    assertThat(shards.number("SELECT count(*) FROM item")).isEqualTo(2);
    assertThat(shards.number("SELECT count(*) FROM reshard.copy_progress")).isEqualTo(2);
  }

  /**
   * (1) Two splits are committed lazily; (2) the server crashes and loses them; (3) it is up again
   * before (4) the checkpoint, which must not be made: its state says that they are there.
   */
  @Test
  void aCheckpointFailsOnceTheServerHasCrashed() throws Exception {
    write(0);
    write(1);
    shards.server().restart(StopMode.IMMEDIATE);
    assertThatThrownBy(() -> writer.prepareSnapshotPreBarrier(1)).isInstanceOf(SQLException.class);
  }

  @Test
  void theLastSplitsAreOnDiskWhenTheTaskFinishes() throws Exception {
    write(0);
    writer.endInput();
    writer.getOneInputOperator().finish();
    shards.server().restart(StopMode.IMMEDIATE);
    assertThat(shards.number("SELECT count(*) FROM item")).isEqualTo(1);
  }

  private void write(int split) throws Exception {
    writer.processElement(new StreamRecord<>(block(split)));
  }

  /** The only block of a split: one row. */
  private static CopyBlock block(int split) {
    CopyBlock block = new CopyBlock();
    block.split = split;
    block.target = CopyShards.ORDINAL;
    block.last = true;
    block.rows = 1;
    block.tuples =
        ByteBuffer.allocate(Short.BYTES + Integer.BYTES + Long.BYTES)
            .putShort((short) 1)
            .putInt(Long.BYTES)
            .putLong(split)
            .array();
    return block;
  }
}
