#!/usr/bin/env bash
# usage: tools/tidy.sh [--preset NAME] [FILE-PATTERN...]
# Checks the sources with clang-tidy 19 and the rules in .clang-tidy, by the compile commands of a
# preset that was configured (default: release). Patterns are regular expressions for file names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=release
if [ "${1-}" = --preset ]; then preset=${2:?--preset needs a name}; shift 2; fi
if ! command -v run-clang-tidy-19 >/dev/null; then
  echo "error: clang-tidy 19 is not installed" >&2
  echo "hint: apt-get install clang-tidy-19" >&2
  exit 2
fi
[ -f "build/$preset/compile_commands.json" ] || cmake --preset "$preset"
[ $# -gt 0 ] || set -- "$PWD/(lib|server-plugin|tools)/.*\.cc$"
# The sources are compiled by GCC: its own warning flags are not for clang.
exec run-clang-tidy-19 -clang-tidy-binary clang-tidy-19 -p "build/$preset" -j "$(nproc)" -quiet \
  -extra-arg=-Wno-unknown-warning-option "$@"
