#!/usr/bin/env bash
# The switch by hand, for a job that was submitted with `flink run`:
#   scripts/cutover.sh --plan plan.json --secrets secrets.yaml [--dry-run] [--json]
# Gate, fence, drain, switch, release; undone as a whole if a step before the switch fails or takes too long.
set -euo pipefail

# YOUR TOPOLOGY SWAP. The switch is one transaction in the control database, and an application that reads its topology
# there needs nothing here. If yours reads it elsewhere (a config service, a proxy, DNS), name an executable that swaps it.
# It is called behind the switch and before the shards take writes again, with the operation's id and the phase as arguments
# and {"id", "topologyVersion"} on its standard input. There is no way back behind the switch: if it fails, that is reported,
# and you run it again by hand; until then, clients of the old topology are refused by the sources.
ON_SWITCH=${RESHARD_ON_SWITCH:-}

link=${BASH_SOURCE[0]}
while [ -h "$link" ]; do
  target=$(readlink "$link")
  case $target in
    /*) link=$target ;;
    *) link=$(dirname "$link")/$target ;;
  esac
done

exec "$(dirname "$link")/reshard" cutover ${ON_SWITCH:+--on-switch "$ON_SWITCH"} "$@"
