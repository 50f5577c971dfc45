# Shared by the scripts beside it; sourced, not run. Sets `home` (the folder that holds the modules) and `java`.

# The real folder of a script, through any symbolic links.
folder_of() {
  local path=$1 target
  while [ -h "$path" ]; do
    target=$(readlink "$path")
    case $target in
      /*) path=$target ;;
      *) path=$(dirname "$path")/$target ;;
    esac
  done
  (cd -P "$(dirname "$path")" && pwd)
}

home=$(dirname "$(folder_of "${BASH_SOURCE[0]}")")

fail() { # CODE EXIT MESSAGE
  printf 'reshard: error resharding.%s: %s\n' "$1" "$3" >&2
  exit "$2"
}

find_java() {
  java=${JAVA_HOME:+$JAVA_HOME/bin/java}
  java=${java:-$(command -v java || true)}
  if [ -z "$java" ] || [ ! -x "$java" ]; then
    fail invalid_configuration 2 "Java 17 is needed, but there is no java; install one, or name it in JAVA_HOME"
  fi
  local major
  major=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  if [ "${major:-0}" -lt 17 ]; then
    fail invalid_configuration 2 "Java 17 is needed, but $java is version ${major:-unknown}; name another one in JAVA_HOME"
  fi
}

# What Flink asks for on JDK 17; flink-conf/config.yaml has the same in env.java.opts.all.
java_flags=(
  --add-exports=java.base/sun.net.util=ALL-UNNAMED
  --add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED
)
for package in java.lang java.net java.io java.nio sun.nio.ch java.lang.reflect java.text java.time java.util \
  java.util.concurrent java.util.concurrent.atomic java.util.concurrent.locks; do
  java_flags+=("--add-opens=java.base/$package=ALL-UNNAMED")
done

# Only what is called often is compiled once more, to the best of code: four times as often as usual. That compiler took as much of
# a small machine as the rows did; flink-conf/config.yaml has the same in env.java.opts.taskmanager, docs/performance.md the figures.
java_flags+=(
  -XX:Tier4InvocationThreshold=20000
  -XX:Tier4MinInvocationThreshold=2400
  -XX:Tier4CompileThreshold=60000
  -XX:Tier4BackEdgeThreshold=160000
)

is_built() {
  [ -f "$home/orchestrator/target/reshard-orchestrator.jar" ] && [ -d "$home/orchestrator/target/lib" ] \
    && [ -d "$home/orchestrator/target/flink-lib" ] && [ -f "$home/job/target/reshard-job.jar" ] \
    && [ -f "$home/verifier/target/reshard-verifier.jar" ]
}

# Builds a checkout the first time; what it says goes to standard error.
ensure_built() {
  if is_built; then
    return
  fi
  if [ ! -f "$home/pom.xml" ]; then
    fail invalid_configuration 2 "$home is not built and is no checkout either"
  fi
  if ! command -v mvn >/dev/null; then
    fail invalid_configuration 2 "$home is not built yet; install Maven (mvn), which builds it"
  fi
  printf 'Building %s, this once; it takes some minutes.\n' "$home" >&2
  (
    cd "$home"
    # One builder at a time: the others find it built.
    if command -v flock >/dev/null; then
      exec 9<"$home/pom.xml"
      flock 9
    fi
    is_built || mvn -B -ntp -q -DskipTests -Dspotless.check.skip=true -Dcheckstyle.skip=true package
  ) >&2 || fail internal 70 "the build failed"
}

state_folder() {
  printf '%s' "${RESHARD_STATE_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/reshard}"
}
