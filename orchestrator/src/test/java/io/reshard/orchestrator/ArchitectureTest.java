package io.reshard.orchestrator;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Keeps the direction of the dependencies: core, then planner, then job and verifier, then
 * orchestrator. The job and the verifier are read from their output folders, since their classes
 * are not on this module's class path; a module that does not exist yet has nothing to check.
 */
class ArchitectureTest {
  /** What each module may use of the others. Job and verifier get all they need from the plan. */
  private static final Map<String, Set<String>> MAY_USE =
      Map.of(
          "core", Set.of(),
          "planner", Set.of("core"),
          "job", Set.of("core"),
          "verifier", Set.of("core"),
          "orchestrator", Set.of("core", "planner"));

  static Stream<String> modules() {
    return MAY_USE.keySet().stream().sorted();
  }

  @ParameterizedTest
  @MethodSource("modules")
  @DisplayName("a module uses only the modules before it")
  void dependsOnlyOnEarlierModules(String module) {
    Set<String> others = new TreeSet<>(MAY_USE.keySet());
    others.remove(module);
    others.removeAll(MAY_USE.get(module));
    String[] forbidden = others.stream().map(ArchitectureTest::packagesOf).toArray(String[]::new);
    check(module, noClasses().should().dependOnClassesThat().resideInAnyPackage(forbidden));
  }

  @ParameterizedTest
  @MethodSource("modules")
  @DisplayName("a module's classes live in the module's own package")
  void livesInItsOwnPackage(String module) {
    check(module, classes().should().resideInAPackage(packagesOf(module)));
  }

  @Test
  @DisplayName("core and planner know no Flink")
  void plainModulesKnowNoFlink() {
    for (String module : List.of("core", "planner")) {
      check(
          module,
          noClasses().should().dependOnClassesThat().resideInAPackage("org.apache.flink.."));
    }
  }

  @Test
  @DisplayName("the connectors stay inside the job jars, where Flink's class loading wants them")
  void orchestratorKnowsNoConnector() {
    check(
        "orchestrator",
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "org.apache.flink.cdc..", "org.apache.flink.connector.jdbc..", "io.debezium.."));
    assertThat(System.getProperty("java.class.path"))
        .doesNotContain("flink-connector-postgres-cdc", "flink-connector-jdbc", "debezium");
  }

  private static void check(String module, ArchRule rule) {
    rule.allowEmptyShould(true).check(classesOf(module));
  }

  private static JavaClasses classesOf(String module) {
    Path folder = Path.of("..", module).toAbsolutePath().normalize();
    JavaClasses classes = new ClassFileImporter().importPath(folder.resolve("target/classes"));
    if (Files.isDirectory(folder.resolve("src/main/java"))) {
      assertThat(classes).as("classes of %s, which must be built before", module).isNotEmpty();
    }
    return classes;
  }

  private static String packagesOf(String module) {
    return "io.reshard." + module + "..";
  }
}
