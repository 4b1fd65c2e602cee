#!/usr/bin/env bash
# usage: run.sh WBA PACKAGE DIRECTION
# Runs one half of the interop with an npm package: `theirs-signs` or `ours-signs`. Exit status 77,
# with the reason printed, where Node or the package is not installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if ! command -v node >/dev/null; then
  echo "SKIPPED: Node is not installed (Debian: nodejs, npm)"
  exit 77
fi
if ! [ -d "$here/node_modules/$2" ]; then
  echo "SKIPPED: the npm package $2 is not installed (in tests/interop: npm ci)"
  exit 77
fi
exec node "$here/interop.mjs" "$@"
