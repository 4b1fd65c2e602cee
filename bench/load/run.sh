#!/usr/bin/env bash
# usage: bench/load/run.sh [--duration SECONDS] [--baseline SECONDS] [--connections N] [--output FILE]
# wba-authd behind nginx at the machine's limit: signed requests of several agents for --duration
# (default 120) on --connections (default 2000) that are kept open, then a mix with unsigned and
# forged ones, beside plain nginx and nginx with an auth_request to a no-op, for --baseline each
# (default 30). The load is wrk's, everything is on 127.0.0.1. It fails where anything went wrong, or
# where wba-authd's memory grew, and writes the figures as a section of their own into
# bench/RESULTS.md. Needs nginx, wrk and curl.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
duration=120
baseline=30
connections=2000
output=$root/bench/RESULTS.md
while [ $# -gt 0 ]; do
  case $1 in
    --duration | --baseline | --connections | --output)
      if [ $# -lt 2 ]; then echo "error: $1 needs a value" >&2; exit 2; fi
      case $1 in
        --duration) duration=$2 ;; --baseline) baseline=$2 ;; --connections) connections=$2 ;; --output) output=$2 ;;
      esac
      shift 2 ;;
    *) sed -n '2,8p' "$0" >&2; exit 2 ;;
  esac
done
for number in "$duration" "$baseline" "$connections"; do
  if ! [[ $number =~ ^[1-9][0-9]{0,4}$ ]]; then
    echo "error: $number is no number of seconds or connections" >&2
    exit 2
  fi
done
export PATH=$PATH:/usr/sbin
for program in nginx wrk curl; do
  command -v "$program" >/dev/null || { echo "error: $program is not installed" >&2; exit 2; }
done
# nginx has a connection to the client, one to wba-authd and one to the backend for each request.
needed=$((3 * connections + 1000))
ulimit -n "$(ulimit -Hn)"
if [ "$(ulimit -n)" != unlimited ] && [ "$(ulimit -n)" -lt "$needed" ]; then
  echo "error: $needed open files are needed, and the limit is $(ulimit -n)" >&2
  echo "hint: raise it (ulimit -Hn, LimitNOFILE) or give fewer --connections" >&2
  exit 2
fi

cd "$root"
load_before=$(cut -d' ' -f1 /proc/loadavg)
cmake --preset release >/dev/null
cmake --build --preset release --target wba wba-authd >&2
wba=$root/build/release/bin/wba

work=$(mktemp -d)
servers=()
clean_up() {
  local pid
  for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${servers[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
# nginx's workers are another user's.
chmod 755 "$work"

agents=8
signatures=16  # of each
echo "==> Signing $((agents * signatures)) requests of $agents agents" >&2
for ((a = 0; a < agents; a++)); do
  "$wba" key new --out "$work/agent$a.pem" 2>>"$work/signing.log"
  "$wba" directory new "$work/agent$a.pem" --out "$work/agent$a.json" 2>>"$work/signing.log"
  for ((s = 0; s < signatures; s++)); do
    echo "/items/$s"
    # Long enough for the whole run.
    "$wba" sign --key "$work/agent$a.pem" --agent "https://agent$a.example/keys" --profile draft-01 \
      --lifetime 24h --output headers GET "https://shop.example/items/$s" 2>>"$work/signing.log"
    printf 'Host: shop.example\nUser-Agent: agent/1.0\nAccept: */*\n\n'
  done
done | tr -d '\r' >"$work/signed.txt"
directories=()
for ((a = 0; a < agents; a++)); do directories+=(--directory "https://agent$a.example/keys=$work/agent$a.json"); done
# Of ten requests seven as they are, two without a signature and one for another path than signed.
awk 'BEGIN { RS = ""; ORS = "\n\n" }
  { if (NR % 10 < 2) print "/items/plain\nHost: shop.example\nUser-Agent: browser/1.0";
    else if (NR % 10 == 2) print "/elsewhere" substr($0, index($0, "\n"));
    else print }' "$work/signed.txt" >"$work/mixed.txt"

cat >"$work/guard.toml" <<TOML
[server]
authorities = ["shop.example"]
trusted_proxies = ["127.0.0.1"]
[defaults]
unsigned = "challenge"
require = { components = ["@method", "@path"] }
[audit]
path = "$work/audit.log"
max_bytes = 33554432
files = 2
TOML

build/release/bin/wba-authd --config "$work/guard.toml" --headers original --refusals 403 \
  --listen 127.0.0.1:0 --admin-port 0 "${directories[@]}" >"$work/authd.out" &
authd=$!
servers+=("$authd")
for ((i = 0; i < 100; i++)); do
  grep -q listening "$work/authd.out" && break
  sleep 0.1
done
read -r authd_port admin_port < <(
  sed -n 's/^listening on .*:\([0-9]*\), admin on .*:\([0-9]*\)$/\1 \2/p' "$work/authd.out"
)

# free_port prints a port that nobody listens on.
free_port() {
  local port
  for ((port = 20000 + RANDOM % 10000; port < 32000; port++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

# start_nginx NAME CONFIGURATION runs an nginx in a folder of its own.
start_nginx() {
  local folder=$work/$1 as_root=
  mkdir -m 755 "$folder"
  [ "$(id -u)" -ne 0 ] || as_root='user root;'
  printf '%s\n%s\n' "$as_root" "$2" | sed "s|@RUN@|$folder|g" >"$folder/nginx.conf"
  nginx -e "$folder/error.log" -p "$folder" -c "$folder/nginx.conf" -g 'daemon off;' 2>"$folder/stderr.log" &
  servers+=("$!")
}

# The backend, and what an auth_request costs that decides nothing.
backend_port=$(free_port)
start_nginx backend "
worker_processes 1;
pid @RUN@/nginx.pid;
error_log @RUN@/error.log warn;
worker_rlimit_nofile 16384;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 1000000;
  server {
    listen 127.0.0.1:$backend_port backlog=4096;
    location / { return 200 'from the backend'; }
    location = /nothing { return 204; }
  }
}"

# variant NAME SED starts the shipped configuration, without TLS, as the sed commands change it.
variant() {
  local port
  port=$(free_port)
  start_nginx "$1" "$(sed -e "s|listen @PORT@ ssl http2|listen 127.0.0.1:$port backlog=4096|" \
    -e 's/origin.example/shop.example/; /ssl_certificate/d; /# Hosts that are not/,/^  }/d' -e "s|@AUTHD@|127.0.0.1:$authd_port|; s|@BACKEND@|127.0.0.1:$backend_port|" \
    -e "$2" server-plugin/forward-auth/examples/nginx.conf)"
  declare -g "$1_port=$port"
}
variant plain '/auth_request \/.wba-auth;/d'
variant noop "s|127.0.0.1:$authd_port|127.0.0.1:$backend_port|
s|proxy_pass http://authd;|proxy_pass http://authd/nothing;|"
variant guarded ''
# shellcheck disable=SC2154
for port in "$backend_port" "$plain_port" "$noop_port" "$guarded_port"; do
  for ((i = 0; i < 100; i++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue 2
    sleep 0.1
  done
  echo "error: nginx does not listen on port $port" >&2
  cat "$work"/*/stderr.log "$work"/*/error.log >&2
  exit 1
done

# memory prints a figure of wba-authd in KiB: VmRSS or VmHWM.
memory() { sed -n "s/^$1:[[:space:]]*\([0-9]*\) kB/\1/p" "/proc/$authd/status"; }

# ticks prints the processor time that wba-authd has used, in clock ticks.
ticks() { sed 's/.*) //' "/proc/$authd/stat" | awk '{ print $12 + $13 }'; }

# decisions prints how many requests wba-authd has decided about so: pass, or anything else.
decisions() {
  curl -sS "http://127.0.0.1:$admin_port/metrics" | awk -v passes="$1" '
    /^wba_decisions_total/ && (/action="pass"/ ? passes == "pass" : passes != "pass") { sum += $2 }
    END { print sum + 0 }'
}

# load NAME PORT REQUESTS SECONDS prints wrk's RESULT line, without its first word.
load() {
  WBA_REQUESTS=$work/$3.txt wrk -t 2 -c "$connections" -d "$4s" --timeout 10s \
    -s bench/load/requests.lua "http://127.0.0.1:$2" >"$work/wrk-$1.txt" 2>&1 ||
    { cat "$work/wrk-$1.txt" >&2; exit 1; }
  sed -n 's/^RESULT //p' "$work/wrk-$1.txt"
}

rows=()
failed=0
fail() { echo "error: $1" >&2; failed=1; }
# row WHAT RESULT REFUSED adds a row of the table; of the answers REFUSED have to be refusals.
row() {
  local count seconds broken refused p50 p90 p99 p999 most
  read -r count seconds broken refused p50 p90 p99 p999 most <<<"$2"
  [ "$broken" -eq 0 ] || fail "$1: $broken connections broke or timed out"
  [ "$refused" -eq "$3" ] || fail "$1: $refused answers were errors, $3 have to be"
  rows+=("$(awk -v what="$1" -v n="$count" -v s="$seconds" -v r="$refused" -v e="$broken" \
    -v a="$p50" -v b="$p90" -v c="$p99" -v d="$p999" -v m="$most" 'BEGIN {
      printf "| %s | %.0f | %d | %.0f | %.1f | %.1f | %.1f | %.1f | %.1f | %d | %d |",
        what, s, n, n / s, a / 1e3, b / 1e3, c / 1e3, d / 1e3, m / 1e3, e, r }')")
  echo "    ${rows[-1]}" >&2
}

echo "==> nginx alone" >&2
row "nginx alone" "$(load plain "$plain_port" signed "$baseline")" 0
echo "==> nginx with an auth_request to a no-op" >&2
row "with an auth_request to a no-op" "$(load noop "$noop_port" signed "$baseline")" 0
echo "==> nginx with wba-authd, warming up" >&2
load warm "$guarded_port" signed 5 >/dev/null
echo "==> nginx with wba-authd, signed requests" >&2
(
  sleep 1; memory VmRSS
  sleep "$((duration / 2 > 1 ? duration / 2 - 1 : 1))"; memory VmRSS
) >"$work/memory.txt" &
sampling=$!
ticks_before=$(ticks)
signed=$(load signed "$guarded_port" signed "$duration")
used=$(($(ticks) - ticks_before))
row "with wba-authd, all signed" "$signed" 0
wait "$sampling"
memory VmRSS >>"$work/memory.txt"
mapfile -t rss <"$work/memory.txt"
# What allocators and a few more connections of nginx's do; sixteen octets a request would be more.
if [ "${rss[2]}" -gt $((rss[1] * 105 / 100 + 1024)) ]; then
  fail "wba-authd grew from ${rss[1]} to ${rss[2]} KiB in the second half"
fi
echo "==> nginx with wba-authd, a mix" >&2
refused_before=$(decisions other)
mixed=$(load mixed "$guarded_port" mixed "$baseline")
refused=$(($(decisions other) - refused_before))
# wrk stops without the answers that are under way.
wrk_refused=$(cut -d' ' -f4 <<<"$mixed")
if [ $((refused - wrk_refused)) -lt 0 ] || [ $((refused - wrk_refused)) -gt "$connections" ]; then
  fail "wba-authd refused $refused requests, and wrk saw $wrk_refused"
fi
row "with wba-authd, 70% signed" "$mixed" "$wrk_refused"
for log in "$work"/*/error.log; do
  [ ! -s "$log" ] || { fail "nginx complains: $(head -n 1 "$log")"; }
done
lost=$(curl -sS "http://127.0.0.1:$admin_port/metrics" | sed -n 's/^wba_audit_lines_lost //p')
[ "$lost" = 0 ] || fail "$lost lines of the audit log were lost"

cpu=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
commit=$(git describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)
{
  echo '## wba-authd behind nginx'
  echo
  echo "Written by \`bench/load/run.sh --duration $duration --baseline $baseline --connections $connections\`"
  echo "at commit $commit, on ${cpu:-unknown}, $(nproc) processors, load before it $load_before."
  echo "$(nginx -v 2>&1 | sed 's|.*: ||') with the shipped configuration but TLS, wba-authd with an audit log,"
  echo "backend and wrk all share the machine; $connections connections are kept and each asks again as soon as it is answered, so that"
  echo 'a wait is mostly that for the others. Milliseconds.'
  echo
  echo '| nginx | seconds | requests | a second | 50% | 90% | 99% | 99.9% | most | broken | refused |'
  echo '|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|'
  printf '%s\n' "${rows[@]}"
  echo
  awk -v ticks="$used" -v hertz="$(getconf CLK_TCK)" -v n="${signed%% *}" 'BEGIN {
    printf "wba-authd used %.0f us of processor time for each signed request", ticks / hertz / n * 1e6
    print ", HTTP and audit log included.\n" }'
  echo "Resident memory of wba-authd with all signed, KiB: ${rss[0]} at the start, ${rss[1]} in the middle,"
  echo "${rss[2]} at the end; $(memory VmHWM) at most."
} >"$work/section.md"
cat "$work/section.md"
if [ "$failed" -ne 0 ]; then
  echo "error: not all went well: $output is left as it was" >&2
  exit 1
fi
bench/section.sh load replace "$output" <"$work/section.md"
echo "written: $output" >&2
