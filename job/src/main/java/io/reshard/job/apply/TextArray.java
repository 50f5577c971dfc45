package io.reshard.job.apply;

/** PostgreSQL's array input syntax (PostgreSQL manual, chapter 8.15.2). */
final class TextArray {
  private TextArray() {}

  /** {@code values} as one array literal, every element quoted; none may be null. */
  static String of(String[] values) {
    StringBuilder text = new StringBuilder("{");
    for (String value : values) {
      if (text.length() > 1) {
        text.append(',');
      }
      text.append('"');
      for (int index = 0; index < value.length(); index++) {
        char character = value.charAt(index);
        if (character == '"' || character == '\\') {
          text.append('\\');
        }
        text.append(character);
      }
      text.append('"');
    }
    return text.append('}').toString();
  }
}
