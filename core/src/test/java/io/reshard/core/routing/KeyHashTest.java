package io.reshard.core.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.topology.HashFunction;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Published test vectors of the hash functions, and the bytes that keys are hashed as. */
class KeyHashTest {
  /**
   * XXH64 of the empty text from its specification ("XXH64 ("", seed 0)"), of the others from the
   * reference program; Murmur3 of the pangram from the reference implementation in SMHasher; CRC-32
   * of 123456789 is the check value of its catalogue entry; MD5 from RFC 1321, appendix A.5.
   */
  @ParameterizedTest
  @CsvSource({
    "XXHASH64, '', ef46db3751d8e999",
    "XXHASH64, a, d24ec4f1a98c6e5b",
    "XXHASH64, abc, 44bc2cf5ad770999",
    "XXHASH64, The quick brown fox jumps over the lazy dog, 0b242d361fda71bc",
    "MURMUR3, '', 0000000000000000",
    "MURMUR3, The quick brown fox jumps over the lazy dog, e34bbc7bbc071b6c",
    "CRC32, '', 0",
    "CRC32, 123456789, 00000000cbf43926",
    "MD5, '', d41d8cd98f00b204",
    "MD5, abc, 900150983cd24fb0",
    "MD5, message digest, f96b697d7cb7938d",
  })
  void hashesAsPublished(HashFunction function, String key, String hash) {
    assertThat(Long.toHexString(KeyHash.of(function).ofText(key)))
        .isEqualTo(hash.replaceFirst("^0+(?=.)", ""));
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"POSTGRES", "IDENTITY"})
  void hashesIntegersFromTheLowestByteAndUuidsAsTheyAreWritten(HashFunction function) {
    KeyHash hash = KeyHash.of(function);
    // The bytes of these keys are ASCII, so that a text has the same ones.
    String bytes = "stressed";
    long key = 0;
    for (byte one :
        new StringBuilder(bytes).reverse().toString().getBytes(StandardCharsets.UTF_8)) {
      key = key << 8 | one;
    }
    assertThat(hash.ofLong(key)).isEqualTo(hash.ofText(bytes));
    assertThat(hash.ofUuid(UUID.fromString("30313233-3435-3637-3839-616263646566")))
        .isEqualTo(hash.ofText("0123456789abcdef"));
  }

  @Test
  void takesAnIntegerForItselfAndNothingElse() {
    KeyHash identity = KeyHash.of(HashFunction.IDENTITY);
    assertThat(identity.ofLong(-7)).isEqualTo(-7);
    assertThat(identity.takes(KeyType.TEXT)).isFalse();
    assertThatThrownBy(() -> identity.ofText("7")).isInstanceOf(IllegalArgumentException.class);
  }
}
