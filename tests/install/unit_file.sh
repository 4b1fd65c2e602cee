#!/usr/bin/env bash
# usage: unit_file.sh CMAKE BUILD PREFIX BINDIR
# The unit file of wba-authd names the program that is installed with it, wherever that is.
set -euo pipefail
cmake=$1 build=$2 prefix=$3 bindir=$4
for folder in "$prefix/one" "$prefix/two"; do
  rm -rf "$folder"
  "$cmake" --install "$build" --prefix "$folder" --component runtime >/dev/null
  started=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$folder/lib/systemd/system/wba-authd.service")
  if [ "$started" != "$folder/$bindir/wba-authd" ]; then
    echo "ExecStart is $started, installed is $folder/$bindir/wba-authd" >&2
    exit 1
  fi
  "$started" --version >/dev/null
done
