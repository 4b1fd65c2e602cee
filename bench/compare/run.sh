#!/usr/bin/env bash
# usage: bench/compare/run.sh [ROUNDS]
# Measures verification beside the npm packages that do the same, in one session: release build,
# one processor, alternating. Needs Node and npm; prints a Markdown table.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
for command in node npm; do
  command -v "$command" >/dev/null || { echo "error: $command is not installed (Debian: nodejs, npm)" >&2; exit 2; }
done
cd "$root"
[ -f build/release/CMakeCache.txt ] || cmake --preset release >&2
cmake --build --preset release --target wba_bench >&2
if ! [ "$here/node_modules/.package-lock.json" -nt "$here/package-lock.json" ]; then
  (cd "$here" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >&2)
fi
exec node "$here/compare.mjs" "$root/build/release/bin/wba_bench" "${1:-5}"
