package io.reshard.core.topology;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import java.io.IOException;

/** Reads a key range as it is written: YAML takes an unquoted -80 for a number, -0100 for octal. */
final class KeyRangeReader extends StdScalarDeserializer<KeyRange> {
  private static final long serialVersionUID = 1L;

  KeyRangeReader() {
    super(KeyRange.class);
  }

  @Override
  public KeyRange deserialize(JsonParser parser, DeserializationContext context)
      throws IOException {
    return parser.currentToken().isScalarValue()
        ? KeyRange.parse(parser.getText())
        : (KeyRange) context.handleUnexpectedToken(KeyRange.class, parser);
  }
}
