#!/usr/bin/env bash
# How fast the product copies, against a raw pipe of the same rows in the same run. Needs psql.
#   copy.sh [ROWS] [FROM] [TO]        default: 1000000 2 4
# The pipe is `psql COPY … TO STDOUT (FORMAT binary) | psql COPY … FROM STDIN (FORMAT binary)`, one stream per new
# shard, all at once, into tables without indexes. The product's time runs from the last operator's start to the last
# commit; in it it filters, splits by target, and builds the indexes of the tables that come first.
set -euo pipefail
rows=${1:-1000000} from=${2:-2} to=${3:-4}
scripts=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d)
demo=
finish() {
  [ -z "$demo" ] || { kill -INT "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; }
  rm -rf "$folder"
}
trap finish EXIT

: >"$folder/err"
set -m # a background job of its own, so that it can be interrupted like one in a terminal
"$scripts/reshard" demo --rows "$rows" --from "$from" --to "$to" --json --keep >"$folder/out" 2>"$folder/err" &
demo=$!
set +m
until grep -q 'Ctrl-C' "$folder/err"; do
  kill -0 "$demo" 2>/dev/null || { cat "$folder/err" >&2; exit 1; }
  sleep 0.5
done
cat "$folder/out"

url() { # SHARD NUMBER
  sed -n "s#.*jdbc:\(postgresql://[^ ]*/app_$1\).*#\1#p" "$folder/err" | head -n 1
}
tables=(customer orders order_items audit)
export PGUSER=postgres PGPASSWORD=postgres
pipe() { # SHARD NUMBER
  local source target
  source=$(url "$1")
  target=${source%/*}/raw_$1
  for table in "${tables[@]}"; do
    psql -d "$source" -qc "COPY public.$table TO STDOUT (FORMAT binary)" |
      psql -d "$target" -qc "COPY $table FROM STDIN (FORMAT binary)"
  done
}
for number in $(seq "$from" $((to - 1))); do
  source=$(url "$number")
  psql -d "${source%/*}/postgres" -qc "CREATE DATABASE raw_$number"
  for table in "${tables[@]}"; do
    psql -d "$source" -qAtc "SELECT format('CREATE TABLE $table (%s)', string_agg(format('%I %s', attname,
        format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)) FROM pg_attribute
      WHERE attrelid = 'public.$table'::regclass AND attnum > 0 AND NOT attisdropped" |
      psql -d "${source%/*}/raw_$number" -q
  done
done

begun=$(date +%s%N)
for number in $(seq "$from" $((to - 1))); do
  pipe "$number" &
  pipes+=($!)
done
wait "${pipes[@]}"
nanos=$(($(date +%s%N) - begun))

moved=0
for number in $(seq "$from" $((to - 1))); do
  for table in "${tables[@]}"; do
    moved=$((moved + $(psql -d "$(url "$number")" -qAtc "SELECT count(*) FROM public.$table")))
  done
done
raw=$((moved * 1000000000 / nanos))
product=$(sed -n 's/.*"copyRowsPerSecond":\([0-9]*\).*/\1/p' "$folder/out")
printf 'raw pipe: %d rows/s (%d rows); product: %d rows/s; ratio %s\n' "$raw" "$moved" "$product" \
  "$(awk "BEGIN { printf \"%.2f\", $product / $raw }")"
