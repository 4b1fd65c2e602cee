#!/usr/bin/env bash
# usage: bench/run.sh [--repetitions N] [--filter REGEX] [--no-peers] [--output FILE]
# Runs the benchmarks in a release build and writes what they gave, with the machine, compiler, flags
# and commit, to bench/RESULTS.md. With Node at hand the npm peers are measured in the same session.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
repetitions=5
filter=.
peers=yes
output=$root/bench/RESULTS.md
while [ $# -gt 0 ]; do
  case $1 in
    --repetitions | --filter | --output)
      if [ $# -lt 2 ]; then echo "error: $1 needs a value" >&2; exit 2; fi
      case $1 in --repetitions) repetitions=$2 ;; --filter) filter=$2 ;; --output) output=$2 ;; esac
      shift 2 ;;
    --no-peers) peers=; shift ;;
    *) sed -n '2,4p' "$0" >&2; exit 2 ;;
  esac
done
command -v jq >/dev/null || { echo "error: jq is not installed" >&2; exit 2; }

cd "$root"
cmake --preset release -DWBA_BUILD_BENCH=ON >/dev/null
cmake --build --preset release --target wba_bench

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# run NAMES FILE COMMAND... measures the benchmarks with these names, one a line. Repetitions of
# different benchmarks are interleaved, so that a busy minute does not hit only one.
run() {
  local names=$1 file=$2
  shift 2
  [ -n "$names" ] || return 0
  "$@" build/release/bin/wba_bench "--benchmark_filter=^($(paste -sd '|' <<<"$names"))\$" \
    "--benchmark_repetitions=$repetitions" --benchmark_enable_random_interleaving=true \
    --benchmark_min_time=0.2 "--benchmark_out=$file" --benchmark_out_format=json >&2
}
pin=(env)
if command -v taskset >/dev/null; then pin=(taskset -c 0); fi
names=$(build/release/bin/wba_bench --benchmark_list_tests "--benchmark_filter=$filter")
run "$(grep -v '/threads:' <<<"$names" || true)" "$work/bench.1.json" "${pin[@]}"
# One thread beside two, on all processors.
run "$(grep '/threads:' <<<"$names" || true)" "$work/bench.2.json" env
jq -s '{context: .[0].context, benchmarks: map(.benchmarks) | add}' "$work"/bench.[12].json >"$work/bench.json"

if [ -n "$peers" ] && command -v node >/dev/null && command -v npm >/dev/null; then
  bench/compare/run.sh "$repetitions" >"$work/peers.md"
fi

cache() { sed -n "s/^$1:[A-Z]*=//p" build/release/CMakeCache.txt; }
cpu=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
extensions=$(sed -n 's/^flags[[:space:]]*: //p' /proc/cpuinfo | head -n 1 | tr ' ' '\n' |
  grep -xE 'avx2|bmi2|adx|avx512f|avx512ifma' | tr '\n' ' ' || true)
commit=$(git describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)
{
  echo '# Results'
  echo
  echo "Written by \`bench/run.sh\`; not edited by hand."
  echo
  echo '| | |'
  echo '|---|---|'
  echo "| CPU | ${cpu:-unknown} ($(nproc) processors; ${extensions% }) |"
  echo "| compiler | $("$(cache CMAKE_CXX_COMPILER)" --version | head -n 1) |"
  echo "| flags | \`$(cache CMAKE_CXX_FLAGS) $(cache CMAKE_CXX_FLAGS_RELEASE)\` |"
  echo "| libraries | libsodium $(pkg-config --modversion libsodium), OpenSSL $(pkg-config --modversion libcrypto) |"
  echo "| commit | $commit |"
  echo "| load before and after | $(jq -r '.context.load_avg | map(tostring) | join(" ")' "$work/bench.json"); $(cut -d' ' -f1-3 /proc/loadavg) |"
  echo
  echo "Processor time of one operation (with several threads, elapsed time): the quietest and the median of $repetitions repetitions."
  echo 'Allocations are for each operation, bytes those of its input.'
  echo
  echo '| benchmark | ns, quietest | ns, median | of libsodium'"'"'s verify | allocs | bytes |'
  echo '|---|--:|--:|--:|--:|--:|'
  jq -r '
    # Processor time, which a busy machine disturbs least; threads are judged by the clock.
    def ns: (if (.threads // 1) > 1 then .real_time else .cpu_time end) * {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[.time_unit];
    def middle: sort | .[(length / 2 | floor)];
    def round(d): (. * pow(10; d) | round) / pow(10; d);
    [.benchmarks[] | select(.run_type == "iteration")] as $ran
    | [$ran[] | select(.error_occurred | not)] as $all
    | ([$all[] | select(.name == "ed25519/libsodium_verify") | ns] | min) as $raw
    | ($all | map(.name) | unique) as $names
    | ($names[] as $name
    | [$all[] | select(.name == $name)] as $runs
    | ([$runs[] | ns]) as $times
    | [ "`\($name)`", ($times | min | round(1)), ($times | middle | round(1)),
        (if $raw then ($times | min) / $raw | round(3) else "-" end),
        ($runs[0].allocs // "-"), ($runs[0].bytes // "-") ]
    | "| " + (map(tostring) | join(" | ")) + " |"),
    # What did not run says so.
    ([$ran[] | select(.error_occurred) | "| `\(.name)` | not run: \(.error_message) | - | - | - | - |"]
     | unique[])' "$work/bench.json"
  if [ -s "$work/peers.md" ]; then
    echo
    echo '## Beside others'
    echo
    cat "$work/peers.md"
  fi
  # What bench/load/run.sh wrote stays.
  if [ -n "$(bench/section.sh load show "$output")" ]; then
    echo
    bench/section.sh load show "$output"
  fi
} >"$work/RESULTS.md"
mv "$work/RESULTS.md" "$output"
echo "written: $output" >&2
