#!/usr/bin/env bash
# How many keys one core routes, with JMH. Needs Maven, and a build of the project; arguments go to JMH:
#   routes.sh                              every function, strategy and type of key: six minutes
#   routes.sh bigint -p strategy=HASH      some of them
set -euo pipefail
bench=$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)
libraries=$bench/../../orchestrator/target/lib
[ -d "$libraries" ] || { echo "build the project first: mvn package -DskipTests" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mvn -B -q -f "$bench/router/pom.xml" dependency:build-classpath -Dmdep.outputFile="$folder/jmh"
path=$(cat "$folder/jmh"):$(printf '%s:' "$libraries"/{reshard-core,zero-allocation-hashing,jackson-annotations}*.jar)
javac -d "$folder" -cp "$path" "$bench/router/RouterBenchmark.java"
java -cp "$folder:$path" org.openjdk.jmh.Main "$@"
