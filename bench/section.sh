#!/usr/bin/env bash
# usage: bench/section.sh NAME show FILE            prints the section NAME of FILE with its marks
#        bench/section.sh NAME replace FILE         puts standard input in its place, or at the end
# What several scripts write into one file: each has a section between two marks.
set -euo pipefail
if [ $# -ne 3 ]; then sed -n '2,4p' "$0" >&2; exit 2; fi
begin="<!-- begin $1 -->"
end="<!-- end $1 -->"
file=$3
case $2 in
  show)
    [ ! -f "$file" ] || awk -v begin="$begin" -v end="$end" '
      $0 == begin { inside = 1 } inside { print } $0 == end { inside = 0 }' "$file" ;;
  replace)
    new=$(mktemp)
    trap 'rm -f "$new"' EXIT
    {
      [ ! -f "$file" ] || awk -v begin="$begin" -v end="$end" '
        $0 == begin { inside = 1 } !inside { lines[++n] = $0 } $0 == end { inside = 0 }
        END { while (n > 0 && lines[n] == "") n--; for (i = 1; i <= n; i++) print lines[i] }' "$file"
      printf '\n%s\n' "$begin"
      cat
      printf '%s\n' "$end"
    } >"$new"
    cat "$new" >"$file" ;;
  *) sed -n '2,4p' "$0" >&2; exit 2 ;;
esac
