package io.reshard.core.json;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The one place that configures Jackson. Unknown keys are errors that name the nearest known. */
public final class Documents {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .addModule(new JavaTimeModule())
          .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();
  private static final ObjectMapper YAML =
      YAMLMapper.builder()
          .addModule(new JavaTimeModule())
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private Documents() {}

  /**
   * Reads YAML (of which JSON is a part); every failure carries {@code code} and names the file.
   */
  public static <T> T readFile(Path file, Class<T> type, ErrorCode code) {
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException e) {
      throw new ReshardingException(code, "cannot read " + file + ": " + e.getMessage(), e);
    }
    return parse(text, type, code, file.toString());
  }

  /** Parses YAML or JSON text; {@code origin} names it in errors. */
  public static <T> T parse(String text, Class<T> type, ErrorCode code, String origin) {
    try {
      T value = read(text, type);
      if (value == null) {
        throw new ReshardingException(code, origin + " is empty");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new ReshardingException(code, origin + explain(e), e);
    }
  }

  /**
   * JSON has a reader of its own: that of YAML takes 3 MB at most, and not every character that a
   * key may hold. What begins like JSON may still be YAML's flow style.
   */
  private static <T> T read(String text, Class<T> type) throws JsonProcessingException {
    if (text.stripLeading().startsWith("{")) {
      try {
        return JSON.readValue(text, type);
      } catch (JsonParseException notJson) {
        return readFlowStyle(text, type, notJson);
      }
    }
    return YAML.readValue(text, type);
  }

  private static <T> T readFlowStyle(String text, Class<T> type, JsonParseException notJson)
      throws JsonProcessingException {
    try {
      return YAML.readValue(text, type);
    } catch (JsonParseException neither) {
      notJson.addSuppressed(neither);
      throw notJson;
    }
  }

  private static String explain(JsonProcessingException e) {
    if (e.getCause() instanceof ReshardingException own) {
      return ": " + own.getMessage();
    }
    if (e instanceof ValueInstantiationException value && value.getType().isEnumType()) {
      return " at '"
          + path(value)
          + "': the value must be one of "
          + Arrays.stream(value.getType().getRawClass().getEnumConstants())
              .map(constant -> JSON.convertValue(constant, String.class))
              .collect(Collectors.joining(", "));
    }
    if (e.getOriginalMessage().startsWith("No content")) {
      return " is empty";
    }
    if (e instanceof UnrecognizedPropertyException unknown) {
      String path = path(unknown);
      return ": unknown key '"
          + path
          + "'"
          + Suggestions.nearest(
                  unknown.getPropertyName(),
                  unknown.getKnownPropertyIds().stream().map(String::valueOf).toList())
              .map(known -> "; did you mean '" + known + "'?")
              .orElse("");
    }
    String where = e instanceof JsonMappingException mapping ? " at '" + path(mapping) + "'" : "";
    JsonLocation location = e.getLocation();
    String line = location == null ? "" : " (line " + location.getLineNr() + ")";
    return where + line + ": " + e.getOriginalMessage();
  }

  private static String path(JsonMappingException e) {
    return e.getPath().stream()
        .map(
            reference ->
                reference.getFieldName() != null
                    ? reference.getFieldName()
                    : "[" + reference.getIndex() + "]")
        .collect(Collectors.joining("."))
        .replace(".[", "[");
  }

  /** One JSON document on one line. */
  public static String toJson(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new ReshardingException(
          ErrorCode.INTERNAL, "cannot write " + value.getClass().getSimpleName() + " as JSON", e);
    }
  }

  /** One JSON document, indented for people. */
  public static String toPrettyJson(Object value) {
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new ReshardingException(
          ErrorCode.INTERNAL, "cannot write " + value.getClass().getSimpleName() + " as JSON", e);
    }
  }
}
