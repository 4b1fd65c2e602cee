#!/usr/bin/env bash
# usage: run.sh WBA PACKAGE DIRECTION
# Runs a part of the interop with an npm package: `theirs-signs`, `ours-signs` or `fetched`. Exit
# status 77, with the reason printed, where Node, the package or what else it needs is not installed.
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
if [ "$3" = fetched ] && ! command -v openssl >/dev/null; then
  echo "SKIPPED: openssl, which makes the certificate of Node's server, is not installed"
  exit 77
fi
exec node "$here/interop.mjs" "$@"
