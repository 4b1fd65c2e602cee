#!/usr/bin/env bash
# Shows the whole loop, from a fresh clone on a machine with nothing but Debian 12 and git: what is
# missing is installed (apt, with sudo when not root), the command is built, requests that real
# agents sent are verified against their operators' keys, and a request of our own is signed and
# verified. Exit status: 0 when everything came out as it must, else 1.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
install=yes
case ${1-} in
  '') ;;
  --no-install) install= ;;
  *) echo "usage: tools/demo.sh [--no-install]" >&2; [ "$1" = --help ] && exit 0; exit 2 ;;
esac

# shellcheck source=tools/dependencies.sh
. "$root/tools/dependencies.sh"
[ -z "$install" ] || wba_install_packages "$wba_build_packages"

cd "$root"
# A release build that is there is used; else only the command is built, in a folder of its own,
# so that the presets keep their options.
build=build/release
if ! [ -f "$build/CMakeCache.txt" ]; then
  build=build/demo
  echo "==> Configuring"
  cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DWBA_BUILD_TESTS=OFF \
    -DWBA_BUILD_BENCH=OFF -DWBA_BUILD_SERVER_PLUGIN=OFF >/dev/null
fi
echo "==> Building the command"
cmake --build "$build" --target wba -j "$(nproc)"
wba=$root/$build/bin/wba

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

rows=()
failed=0

# check WHAT OUTCOME REASON ARGUMENTS... runs `wba verify ARGUMENTS...` and notes whether it says so.
check() {
  local what=$1 outcome=$2 reason=$3 status=0 expected_status got_outcome got_reason mark=ok
  shift 3
  case $outcome in
    verified) expected_status=0 ;;
    invalid) expected_status=1 ;;
    unverified) expected_status=3 ;;
    unsigned) expected_status=4 ;;
  esac
  "$wba" verify --json "$@" >"$work/verdict.json" 2>"$work/verdict.err" || status=$?
  got_outcome=$(jq -r '.outcome // "none"' "$work/verdict.json" 2>/dev/null || echo none)
  got_reason=$(jq -r '.reason // "-"' "$work/verdict.json" 2>/dev/null || echo -)
  if [ "$got_outcome" != "$outcome" ] || [ "$got_reason" != "$reason" ] ||
    [ "$status" -ne "$expected_status" ]; then
    mark=WRONG
    failed=$((failed + 1))
    echo "    expected $outcome ($reason), exit status $expected_status; exit status was $status" >&2
    cat "$work/verdict.err" >&2
  fi
  printf '    %-34s %-10s %s\n' "$what" "$got_outcome" "$got_reason"
  rows+=("$(printf '%-26s %-34s %-10s %-14s %s' "$who" "$what" "$got_outcome" "$got_reason" "$mark")")
}

# message VECTOR prints the request of a vector as an HTTP/1.1 message.
message() {
  jq -r '.request | ([.method, (.target_uri | sub("^https?://[^/?#]*"; "")), "HTTP/1.1"] | join(" ")),
    (.headers[] | join(": ")), ""' <<<"$1"
}

captures=$root/vectors/webbotauth/captures.json
count=$(jq '.vectors | length' "$captures")
for ((i = 0; i < count; i++)); do
  vector=$(jq -c ".vectors[$i]" "$captures")
  who="$(jq -r '.agent' <<<"$vector"), capture $((i + 1))"
  now=$(jq -r '.now' <<<"$vector")
  url=$(jq -r '.directory.url' <<<"$vector")
  jq '.directory | {keys}' <<<"$vector" >"$work/directory.json"
  message "$vector" >"$work/request.http"
  # One octet of Host, which every signature covers, and nothing else.
  sed '/^Host: /s/.$/x/' "$work/request.http" >"$work/changed.http"

  echo
  echo "==> $who: $(head -n 1 "$work/request.http") to $(sed -n 's/^Host: //p' "$work/request.http")," \
    "received $(date -u -d "@$now" '+%Y-%m-%d %H:%M:%S')"
  check "as it was received" verified - --now "$now" --directory "$url=$work/directory.json" "$work/request.http"
  check "a day later" invalid expired --now $((now + 86400)) --directory "$url=$work/directory.json" "$work/request.http"
  check "with one octet of Host changed" invalid bad-signature --now "$now" --directory "$url=$work/directory.json" "$work/changed.http"
done

who="our own agent"
agent=https://agent.example
echo
echo "==> A request of our own"
"$wba" key new --out "$work/agent.pem"
# The key set that the operator publishes at the agent's well-known path.
"$wba" key show --json "$work/agent.pem" | jq '{keys: [.jwk]}' >"$work/own.json"
own=(--directory "$agent/.well-known/http-message-signatures-directory=$work/own.json")
"$wba" sign --key "$work/agent.pem" --agent "$agent" --profile draft-00 --output message \
  GET https://origin.example/welcome >"$work/own.http"
sed 's/^/    | /' "$work/own.http"
check "signed" verified - "${own[@]}" "$work/own.http"
sed 's/^[Hh]ost: .*/Host: elsewhere.example/' "$work/own.http" >"$work/moved.http"
check "sent on to another host" invalid bad-signature "${own[@]}" "$work/moved.http"
printf 'GET /welcome HTTP/1.1\nHost: origin.example\n\n' >"$work/unsigned.http"
check "unsigned" unsigned no-signature "${own[@]}" "$work/unsigned.http"

echo
printf '%-26s %-34s %-10s %-14s %s\n' WHO REQUEST OUTCOME REASON AS-EXPECTED
printf '%s\n' "${rows[@]}"
echo
if [ "$failed" -ne 0 ]; then
  echo "$failed of ${#rows[@]} came out otherwise than they must" >&2
  exit 1
fi
echo "All ${#rows[@]} came out as they must."
