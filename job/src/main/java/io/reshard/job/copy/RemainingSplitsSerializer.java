package io.reshard.job.copy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** Writes the splits that no reader has been given yet. Version 1: their number, then each. */
final class RemainingSplitsSerializer implements SimpleVersionedSerializer<List<CopySplit>> {
  private static final int VERSION = 1;

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public byte[] serialize(List<CopySplit> splits) throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(4096);
    out.writeInt(splits.size());
    for (CopySplit split : splits) {
      CopySplitSerializer.write(split, out);
    }
    return out.getCopyOfBuffer();
  }

  @Override
  public List<CopySplit> deserialize(int version, byte[] bytes) throws IOException {
    if (version != VERSION) {
      throw new IOException("state of the remaining splits in the unknown version " + version);
    }
    DataInputDeserializer in = new DataInputDeserializer(bytes);
    int size = in.readInt();
    List<CopySplit> splits = new ArrayList<>(size);
    for (int index = 0; index < size; index++) {
      splits.add(CopySplitSerializer.read(in));
    }
    return splits;
  }
}
