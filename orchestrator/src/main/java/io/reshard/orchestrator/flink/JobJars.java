package io.reshard.orchestrator.flink;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Finds the job jars of this build: under the folder that {@code -Dreshard.home} names, else beside
 * the module that this class was loaded from ({@code orchestrator/target/…}).
 */
public final class JobJars {
  private static final String HOME = "reshard.home";

  private JobJars() {}

  /** The folder that holds the modules. */
  public static Path home() {
    String home = System.getProperty(HOME);
    if (home != null) {
      return Path.of(home);
    }
    try {
      Path classes =
          Path.of(JobJars.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return classes.resolve("../../..").normalize();
    } catch (URISyntaxException e) {
      throw new ReshardingException(ErrorCode.INTERNAL, "cannot tell where the build is", e);
    }
  }

  public static Path migration() {
    return jar("job/target/reshard-job.jar");
  }

  public static Path verification() {
    return jar("verifier/target/reshard-verifier.jar");
  }

  private static Path jar(String place) {
    Path jar = home().resolve(place);
    if (!Files.isRegularFile(jar)) {
      throw new ReshardingException(
          ErrorCode.INVALID_CONFIGURATION,
          jar + " is missing; build the project, or name its folder with -D" + HOME);
    }
    return jar;
  }
}
