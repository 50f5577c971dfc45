package io.reshard.job.gate;

import io.reshard.job.change.ChangeEvent;
import java.util.ArrayList;
import java.util.List;

/** A changed key as a string, for a map in keyed state: source, then each part with its length. */
final class ParkedKey {
  private ParkedKey() {}

  static String encode(ChangeEvent event) {
    StringBuilder text = new StringBuilder().append(event.source).append(':');
    for (String part : event.key) {
      text.append(part.length()).append(':').append(part);
    }
    return text.toString();
  }

  static ChangeEvent decode(short table, String encoded, long transactionId) {
    int colon = encoded.indexOf(':');
    short source = Short.parseShort(encoded.substring(0, colon));
    List<String> parts = new ArrayList<>();
    int at = colon + 1;
    while (at < encoded.length()) {
      colon = encoded.indexOf(':', at);
      int length = Integer.parseInt(encoded.substring(at, colon));
      parts.add(encoded.substring(colon + 1, colon + 1 + length));
      at = colon + 1 + length;
    }
    return ChangeEvent.ofRow(source, table, parts.toArray(new String[0]), transactionId);
  }
}
