#!/usr/bin/env bash
# A standalone Flink cluster of several processes out of Maven artifacts, for those who have no distribution.
set -euo pipefail

usage() {
  cat <<'USAGE'
Usage: flink-cluster.sh start [--dir DIR] [--port 8081] [--taskmanagers 2] [--slots 2]
       flink-cluster.sh taskmanager|pids|stop [--dir DIR]

start        starts what is missing of the cluster, returns when it answers and has its slots, and prints its address
taskmanager  starts one more TaskManager
pids         prints a line "jobmanager PID" or "taskmanager PID" for each process that lives
stop         ends all of them

DIR holds configuration, logs, checkpoints and savepoints; default: flink-cluster in the state folder (RESHARD_STATE_DIR,
else ~/.local/state/reshard). What start is given once, it remembers there. RESHARD_FLINK_CONFIG names another configuration to
begin with than flink-conf/config.yaml.
USAGE
}

link=${BASH_SOURCE[0]}
while [ -h "$link" ]; do
  target=$(readlink "$link")
  case $target in
    /*) link=$target ;;
    *) link=$(dirname "$link")/$target ;;
  esac
done
. "$(dirname "$link")/environment.sh"

bad_arguments() {
  printf 'flink-cluster.sh: %s\n' "$1" >&2
  usage >&2
  exit 2
}

number() { # OPTION VALUE LEAST
  case $2 in
    '' | *[!0-9]*) bad_arguments "$1 needs a number, not '$2'" ;;
  esac
  [ "$2" -ge "$3" ] || bad_arguments "$1 must be at least $3"
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
  start | taskmanager | pids | stop) ;;
  -h | --help | help) usage; exit 0 ;;
  *) bad_arguments "unknown command '$command'" ;;
esac

dir=${RESHARD_FLINK_DIR:-$(state_folder)/flink-cluster}
given_port='' given_taskmanagers='' given_slots=''
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || bad_arguments "$1 needs a value"
  case $command$1 in
    *--dir) dir=$2 ;;
    start--port) number "$1" "$2" 1; given_port=$2 ;;
    start--taskmanagers) number "$1" "$2" 1; given_taskmanagers=$2 ;;
    start--slots) number "$1" "$2" 1; given_slots=$2 ;;
    *) bad_arguments "$command does not take $1" ;;
  esac
  shift 2
done
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
conf=$dir/conf
logs=$dir/log
run=$dir/run

remembered() { # NAME DEFAULT
  if [ -f "$dir/settings/$1" ]; then cat "$dir/settings/$1"; else printf '%s' "$2"; fi
}

remember() { # NAME VALUE
  mkdir -p "$dir/settings"
  printf '%s' "$2" >"$dir/settings/$1"
}

# The pid in a file, if that process lives and is ours: a pid may have been given to another one meanwhile.
living() { # PIDFILE
  local pid
  [ -f "$1" ] || return 1
  pid=$(cat "$1")
  [ -n "$pid" ] && tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "$conf" || return 1
  printf '%s' "$pid"
}

answers() { # PORT
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

free_port_from() { # PORT
  local port=$1
  while answers "$port"; do port=$((port + 1)); done
  printf '%s' "$port"
}

# A value of the configuration.
setting() { # KEY
  awk -v key="$1:" '$1 == key { sub(/^[^:]*: */, ""); print; exit }' "$conf/config.yaml"
}

megabytes() { # KEY...
  local key value sum=0
  for key in "$@"; do
    value=$(setting "$key")
    case $value in
      *gb | *g) sum=$((sum + ${value%%[!0-9]*} * 1024)) ;;
      *mb | *m) sum=$((sum + ${value%%[!0-9]*})) ;;
      *) fail invalid_configuration 2 "$conf/config.yaml: $key must be in mb or gb, not '$value'" ;;
    esac
  done
  printf '%s' "$sum"
}

write_configuration() {
  mkdir -p "$conf" "$logs" "$run" "$dir/tmp" "$dir/checkpoints" "$dir/savepoints"
  local rpc_port
  rpc_port=$(remembered rpc-port '')
  if [ -z "$rpc_port" ]; then
    rpc_port=$(free_port_from 6123)
    remember rpc-port "$rpc_port"
  fi
  # The folder's name may hold anything: the environment, unlike -v, passes it on unchanged.
  CLUSTER_DIR=$dir awk -v port="$port" -v rpc="$rpc_port" -v slots="$slots" '
    BEGIN {
      dir = ENVIRON["CLUSTER_DIR"]
      set["rest.port:"] = port
      set["rest.address:"] = "127.0.0.1"
      set["rest.bind-address:"] = "127.0.0.1"
      set["jobmanager.rpc.port:"] = rpc
      set["taskmanager.numberOfTaskSlots:"] = slots
      set["io.tmp.dirs:"] = quoted(dir "/tmp")
      set["execution.checkpointing.dir:"] = quoted("file://" dir "/checkpoints")
      set["execution.checkpointing.savepoint-dir:"] = quoted("file://" dir "/savepoints")
    }
    function quoted(text) { gsub(/\\/, "\\\\", text); gsub(/"/, "\\\"", text); return "\"" text "\"" }
    $1 in set { print $1 " " set[$1]; next }
    { print }
  ' "${RESHARD_FLINK_CONFIG:-$home/flink-conf/config.yaml}" >"$conf/config.yaml.new"
  mv "$conf/config.yaml.new" "$conf/config.yaml"
}

launch() { # NAME MEMORY-FLAGS... -- CLASS ARGUMENTS...
  local name=$1 memory=()
  shift
  while [ "$1" != -- ]; do memory+=("$1"); shift; done
  shift
  export FLINK_CONF_DIR=$conf
  # A session of its own, so that it survives the terminal, and no open file of ours.
  setsid "$java" "${java_flags[@]}" "${memory[@]}" "-Dlog.file=$logs/$name.log" \
    "-Dlog4j.configurationFile=$home/scripts/log4j-flink.properties" \
    -cp "$home/orchestrator/target/flink-lib/*" "$@" \
    </dev/null >>"$logs/$name.out" 2>&1 9>&- &
  printf '%s' "$!" >"$run/$name.pid"
  # Until it is Java it bears this script's command line, and would be taken for somebody else's.
  until living "$run/$name.pid" >/dev/null || ! kill -0 "$!" 2>/dev/null; do sleep 0.02; done
}

ensure_jobmanager() {
  living "$run/jobmanager.pid" >/dev/null && return
  if answers "$port"; then
    fail flink_unavailable 6 "something else listens on port $port; choose another one with --port"
  fi
  launch jobmanager -Xmx1024m -Xms256m -XX:MaxMetaspaceSize=256m -- \
    org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint \
    --configDir "$conf" --executionMode cluster
}

ensure_taskmanager() { # NUMBER
  living "$run/taskmanager-$1.pid" >/dev/null && return
  local heap direct
  heap=$(megabytes taskmanager.memory.framework.heap.size taskmanager.memory.task.heap.size)
  direct=$(megabytes taskmanager.memory.framework.off-heap.size taskmanager.memory.task.off-heap.size \
    taskmanager.memory.network.max)
  # A new resource id at each start: the dead one may not have been noticed yet.
  launch "taskmanager-$1" "-Xmx${heap}m" "-Xms${heap}m" "-XX:MaxDirectMemorySize=${direct}m" \
    "-XX:MaxMetaspaceSize=$(megabytes taskmanager.memory.jvm-metaspace.size)m" -- \
    org.apache.flink.runtime.taskexecutor.TaskManagerRunner --configDir "$conf" \
    -D "taskmanager.resource-id=tm$1-$(date +%s%N)"
}

# The body of GET /overview, or nothing.
overview() {
  (
    exec 3<>"/dev/tcp/127.0.0.1/$port" || exit
    printf 'GET /overview HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
    cat <&3
  ) 2>/dev/null || true
}

await_slots() {
  local wanted=$((taskmanagers * slots)) deadline=$((SECONDS + 120)) registered name
  while [ "$SECONDS" -lt "$deadline" ]; do
    registered=$(overview | sed -n 's/.*"slots-total":\([0-9]*\).*/\1/p')
    if [ "${registered:-0}" -ge "$wanted" ]; then
      return
    fi
    for name in "$run"/*.pid; do
      if ! living "$name" >/dev/null; then
        name=$(basename "$name" .pid)
        tail -n 5 "$logs/$name.out" "$logs/$name.log" >&2 2>/dev/null || true
        fail flink_unavailable 6 "$name has ended; its logs are in $logs"
      fi
    done
    sleep 0.3
  done
  fail flink_unavailable 6 "the cluster has ${registered:-no} of $wanted slots after 120 s; its logs are in $logs"
}

# One at a time in this folder.
mkdir -p "$run"
if command -v flock >/dev/null; then
  exec 9>"$dir/lock"
  flock 9
fi

case $command in
  start | taskmanager)
    find_java
    ensure_built
    port=${given_port:-$(remembered port 8081)}
    slots=${given_slots:-$(remembered slots 2)}
    taskmanagers=${given_taskmanagers:-$(remembered taskmanagers 2)}
    if [ "$command" = taskmanager ]; then
      living "$run/jobmanager.pid" >/dev/null || fail flink_unavailable 6 "the cluster does not run; start it first"
      taskmanagers=$((taskmanagers + 1))
    fi
    remember port "$port"
    remember slots "$slots"
    remember taskmanagers "$taskmanagers"
    # A running JobManager keeps the configuration that it was started with.
    if ! living "$run/jobmanager.pid" >/dev/null; then
      write_configuration
    fi
    ensure_jobmanager
    for number in $(seq "$taskmanagers"); do
      ensure_taskmanager "$number"
    done
    await_slots
    printf 'http://127.0.0.1:%s\n' "$port"
    ;;
  pids)
    for file in "$run"/*.pid; do
      if pid=$(living "$file"); then
        name=$(basename "$file" .pid)
        printf '%s %s\n' "${name%%-*}" "$pid"
      fi
    done
    ;;
  stop)
    pids=()
    for file in "$run"/*.pid; do
      if pid=$(living "$file"); then
        pids+=("$pid")
      fi
    done
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    for _ in $(seq 100); do
      alive=0
      for file in "$run"/*.pid; do
        if living "$file" >/dev/null; then alive=1; fi
      done
      [ "$alive" = 1 ] || break
      sleep 0.1
    done
    for file in "$run"/*.pid; do
      if pid=$(living "$file"); then
        kill -9 "$pid" 2>/dev/null || true
      fi
    done
    rm -f "$run"/*.pid
    ;;
esac
