#!/usr/bin/env bash
# usage: tools/format.sh [--check]
# Formats every C++ source with clang-format 14 and the rules in .clang-format. With --check nothing
# is changed: exit status 1 where a file would be, 77 where clang-format 14 is not installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Another version would disagree about what is right.
format=
for candidate in clang-format-14 clang-format; do
  if command -v "$candidate" >/dev/null && "$candidate" --version | grep -q 'version 14\.'; then
    format=$candidate
    break
  fi
done
if [ -z "$format" ]; then
  echo "SKIPPED: clang-format 14 is not installed (Debian: clang-format-14)"
  exit 77
fi

folders=()
for folder in lib server-plugin tools tests bench; do [ ! -d "$folder" ] || folders+=("$folder"); done
mapfile -d '' -t files < <(find "${folders[@]}" -name node_modules -prune -o \
  \( -name '*.h' -o -name '*.cc' -o -name '*.inc' \) -print0)
case ${1-} in
  --check) "$format" --dry-run -Werror "${files[@]}" ;;
  '') "$format" -i "${files[@]}" ;;
  *) echo "usage: tools/format.sh [--check]" >&2; exit 2 ;;
esac
