#!/usr/bin/env bash
# usage: pkg_config.sh PREFIX COMPILER MODULE SOURCE PROGRAM [FLAGS...]
# Builds SOURCE with what pkg-config says of MODULE, installed under PREFIX, and runs it.
set -euo pipefail
prefix=$1 compiler=$2 module=$3 source=$4 program=$5
shift 5

pc=$(find "$prefix" -name "$module.pc")
if [ -z "$pc" ]; then echo "error: no $module.pc under $prefix" >&2; exit 1; fi
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
flags=$(pkg-config --cflags --libs "$module")
# shellcheck disable=SC2086
"$compiler" -std=c++23 "$@" "$source" -o "$program" $flags
"$program"
