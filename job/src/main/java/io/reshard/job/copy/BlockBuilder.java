package io.reshard.job.copy;

import java.io.ByteArrayOutputStream;

/** Gathers the rows of one split for one target. */
final class BlockBuilder {
  private final CopySplit split;
  private final int target;
  private final long read;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(64 * 1024);
  private int rows;
  private int sequence;

  BlockBuilder(CopySplit split, int target, long read) {
    this.split = split;
    this.target = target;
    this.read = read;
  }

  void append(TupleReader tuple) {
    tuple.writeTo(bytes);
    rows++;
  }

  int size() {
    return bytes.size();
  }

  CopyBlock build(boolean last) {
    CopyBlock block =
        new CopyBlock(split, target, read, sequence, last).with(rows, bytes.toByteArray());
    bytes.reset();
    rows = 0;
    sequence++;
    return block;
  }
}
