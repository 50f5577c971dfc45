package io.reshard.job.copy;

import io.reshard.core.plan.Split;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.core.memory.DataOutputView;

/** Writes one split. Version 1: id, table, source, lower and upper bound, estimated rows. */
final class CopySplitSerializer implements SimpleVersionedSerializer<CopySplit> {
  private static final int VERSION = 1;

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public byte[] serialize(CopySplit split) throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(128);
    write(split, out);
    return out.getCopyOfBuffer();
  }

  @Override
  public CopySplit deserialize(int version, byte[] bytes) throws IOException {
    if (version != VERSION) {
      throw new IOException("split state of the unknown version " + version);
    }
    return read(new DataInputDeserializer(bytes));
  }

  static void write(CopySplit copySplit, DataOutputView out) throws IOException {
    Split split = copySplit.split();
    out.writeInt(split.id());
    out.writeInt(split.table());
    out.writeUTF(split.source());
    writeBound(split.lower(), out);
    writeBound(split.upper(), out);
    out.writeLong(split.estimatedRows());
  }

  static CopySplit read(DataInputView in) throws IOException {
    return new CopySplit(
        new Split(
            in.readInt(), in.readInt(), in.readUTF(), readBound(in), readBound(in), in.readLong()));
  }

  private static void writeBound(List<String> bound, DataOutputView out) throws IOException {
    out.writeInt(bound == null ? -1 : bound.size());
    if (bound != null) {
      for (String value : bound) {
        out.writeUTF(value);
      }
    }
  }

  private static List<String> readBound(DataInputView in) throws IOException {
    int size = in.readInt();
    if (size < 0) {
      return null;
    }
    List<String> bound = new ArrayList<>(size);
    for (int index = 0; index < size; index++) {
      bound.add(in.readUTF());
    }
    return bound;
  }
}
