#!/usr/bin/env bash
# Shows the whole loop, from a fresh clone on a machine with nothing but Debian 12 and git: what is
# missing is installed (apt, with sudo when not root) and the command is built. Requests that real
# agents sent are verified against their operators' keys. Then two agents publish their keys over
# HTTPS, an origin behind the guard fetches them, and requests are sent to it: signed, unsigned,
# tampered with, made for another site, expired, replayed, and signed by one agent in the other's
# name. The servers are real and on 127.0.0.1; the certificates are of a CA that is made for it. Exit status: 0 when
# everything came out as it must, else 1.
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
    -DWBA_BUILD_BENCH=OFF >/dev/null
fi
echo "==> Building the command"
cmake --build "$build" --target wba -j "$(nproc)"
wba=$root/$build/bin/wba

work=$(mktemp -d)
servers=()
# Stops what was started, by process id, and takes the keys away; the audit log stays.
clean_up() {
  local pid
  for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${servers[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

rows=()
failed=0

# note WHO WHAT GOT WANTED GOT_WHY WANTED_WHY adds a row to the table of what happened.
note() {
  local mark=ok
  if [ "$3" != "$4" ] || [ "$5" != "$6" ]; then
    mark=WRONG
    failed=$((failed + 1))
    echo "    expected $4, $6" >&2
  fi
  printf '    %-38s %-14s %s\n' "$2" "$3" "$5"
  rows+=("$(printf '%-24s %-38s %-14s %-32s %s' "$1" "$2" "$3" "$5" "$mark")")
}

# verify WHO WHAT OUTCOME REASON ARGUMENTS... runs `wba verify ARGUMENTS...` and notes what it says.
# OUTCOME is the outcome with the exit status.
verify() {
  local who=$1 what=$2 wanted=$3 reason=$4 status=0
  shift 4
  "$wba" verify --json "$@" >"$work/verdict.json" 2>"$work/verdict.err" || status=$?
  [ "$status" -lt 2 ] || cat "$work/verdict.err" >&2
  note "$who" "$what" "$(field outcome "$work/verdict.json") ($status)" "$wanted" \
    "$(field reason "$work/verdict.json")" "$reason"
}

# field NAME FILE gives a member of the object in FILE, "-" where it is null or not there.
field() { jq -r ".$1 // \"-\"" "$2" 2>/dev/null || echo -; }

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
  keys=--directory=$(jq -r '.directory.url' <<<"$vector")=$work/directory.json
  jq '.directory | {keys}' <<<"$vector" >"$work/directory.json"
  message "$vector" >"$work/request.http"
  # One octet of Host, which every signature covers, and nothing else.
  sed '/^Host: /s/.$/x/' "$work/request.http" >"$work/changed.http"

  echo
  echo "==> $who: $(head -n 1 "$work/request.http") to $(sed -n 's/^Host: //p' "$work/request.http")," \
    "received $(date -u -d "@$now" '+%Y-%m-%d %H:%M:%S')"
  verify "$who" "as it was received" "verified (0)" - --now "$now" "$keys" "$work/request.http"
  verify "$who" "a day later" "invalid (1)" expired --now $((now + 86400)) "$keys" "$work/request.http"
  verify "$who" "with one octet of Host changed" "invalid (1)" bad-signature --now "$now" "$keys" "$work/changed.http"
done

echo
echo "==> A CA, two agents with a key each, and their key directories"
ca=$work/ca.pem
ec=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
# quietly runs a command and shows what it says only where it fails.
quietly() {
  "$@" >"$work/quietly.log" 2>&1 || { cat "$work/quietly.log" >&2; exit 1; }
}

quietly openssl req -x509 "${ec[@]}" -subj "/CN=demo CA" -days 2 -keyout "$work/ca-key.pem" -out "$ca"

# make_certificate NAME makes NAME.pem and NAME-key.pem, good for the host NAME.example.
make_certificate() {
  echo "subjectAltName = DNS:$1.example" >"$work/$1.cnf"
  quietly openssl req "${ec[@]}" -subj "/CN=$1.example" -keyout "$work/$1-key.pem" -out "$work/$1.csr"
  quietly openssl x509 -req -in "$work/$1.csr" -CA "$ca" -CAkey "$work/ca-key.pem" -days 2 \
    -extfile "$work/$1.cnf" -out "$work/$1.pem"
}

# start NAME COMMAND... starts a server and sets port to the one that it says it listens on.
start() {
  local name=$1
  shift
  "$@" >"$work/$name.out" 2>"$work/$name.log" &
  servers+=("$!")
  port=
  for ((i = 0; i < 100; i++)); do
    port=$(sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' "$work/$name.out")
    [ -z "$port" ] || return 0
    kill -0 "$!" 2>/dev/null || break
    sleep 0.1
  done
  echo "error: $name did not start" >&2
  cat "$work/$name.log" >&2
  exit 1
}

well_known=/.well-known/http-message-signatures-directory
network=(--ca "$ca" --allow-address 127.0.0.0/8)
for name in agent thief; do
  make_certificate "$name"
  quietly "$wba" key new --out "$work/$name.key"
  quietly "$wba" directory new "$work/$name.key" --out "$work/$name.json"
  start "$name" "$wba" directory serve --key "$work/$name.key" --authority "$name.example" \
    --cert "$work/$name.pem" --tls-key "$work/$name-key.pem" --listen 127.0.0.1 --port 0 "$work/$name.json"
  network+=(--resolve "$name.example:$port:127.0.0.1")
  declare "$name=https://$name.example:$port$well_known"
done
# shellcheck disable=SC2154
echo "    $agent" && echo "    $thief"
"$wba" directory check "${network[@]}" --json "$agent" >"$work/check.json" || {
  echo "error: wba directory check finds fault with the directory" >&2
  jq . "$work/check.json" >&2
  exit 1
}

echo
echo "==> An origin behind the guard, which fetches those directories"
audit=$root/build/demo-audit.log
mkdir -p "$root/build" "$work/site"
rm -f "$audit" "$audit.unverified"
echo "welcome" >"$work/site/welcome.txt"
echo "secret" >"$work/site/secret.txt"
cat >"$work/guard.toml" <<TOML
[defaults]
unsigned = "challenge"
unverified = "deny"
replay = true
require = { components = ["@method", "@path"] }

[audit]
path = "$audit"
TOML
sed 's/^/    | /' "$work/guard.toml"
make_certificate origin
start origin "$wba" origin "$work/site" --authority origin.example --config "$work/guard.toml" --certificate "$work/origin.pem" \
  --key "$work/origin-key.pem" --agent "$agent" --agent "$thief" "${network[@]}"
origin=https://origin.example:$port
to_origin=(--resolve "origin.example:$port:127.0.0.1")
echo "    $origin"

# expect WHO WHAT ANSWER WHY notes the answer, which is in status, with what the origin has written
# to its audit log about it: the action, and the cause or reason, or else who it is.
expect() {
  local why
  # Verified agents have a log of their own. A line begins with its time.
  tail -qn 1 "$audit" "$audit.unverified" | sort | tail -n 1 >"$work/decision.json"
  why=$(jq -r '.cause // .reason // .identity' "$work/decision.json")
  note "$1" "$2" "$status $(field action "$work/decision.json")" "$3" \
    "${why/%$well_known//...}" "${4/%$well_known//...}"
}

# send TARGET FILE sends a GET with the header lines in FILE, and sets status.
send() {
  status=$(curl -sS --cacert "$ca" "${to_origin[@]}" -H "@$2" -D "$work/answer.txt" -o "$work/body.txt" \
    -w '%{http_code}' "$origin$1") || status=none
}

# sign NAME TARGET ARGUMENTS... writes the header lines of a signed GET to $work/signed.txt.
sign() {
  local name=$1 target=$2
  shift 2
  "$wba" sign --key "$work/$name.key" "$@" --profile draft-01 --output headers GET "$origin$target" \
    >"$work/signed.txt" 2>"$work/sign.log" || { cat "$work/sign.log" >&2; exit 1; }
}

# Until the directories are there the origin refuses with 503, since it cannot tell.
for ((i = 0; i < 50; i++)); do
  ready=yes
  for name in agent thief; do
    sign "$name" /welcome.txt --agent "${!name}"
    send /welcome.txt "$work/signed.txt"
    [ "$status" != 503 ] || ready=
  done
  [ -z "$ready" ] || break
  sleep 0.2
done

echo
echo "==> Requests to it"
"$wba" fetch --key "$work/agent.key" --agent "$agent" --ca "$ca" "${to_origin[@]}" --json \
  "$origin/welcome.txt" >"$work/fetched.json" 2>"$work/fetch.log" || cat "$work/fetch.log" >&2
status=$(field status "$work/fetched.json")
expect "the agent" "signed, by wba fetch" "200 pass" "$agent"

: >"$work/unsigned.txt"
send /welcome.txt "$work/unsigned.txt"
expect "a browser" "unsigned" "403 challenge" no-signature
grep -i '^accept-signature:' "$work/answer.txt" | sed 's/^/    | /' || {
  echo "    expected Accept-Signature in the answer" >&2
  failed=$((failed + 1))
}

sign agent /welcome.txt --agent "$agent"
send /secret.txt "$work/signed.txt"
expect "somebody" "with another path than was signed" "403 refuse" bad-signature

"$wba" sign --key "$work/agent.key" --agent "$agent" --profile draft-01 --output headers \
  GET https://evil.example/welcome.txt >"$work/signed.txt" 2>"$work/sign.log" || { cat "$work/sign.log" >&2; exit 1; }
echo "Host: evil.example" >>"$work/signed.txt"
send /welcome.txt "$work/signed.txt"
expect "a site that it visits" "what was signed for that site" "403 refuse" authority-not-ours

sign agent /welcome.txt --agent "$agent" --created "$(date -u -d '-1 hour' '+%s')"
send /welcome.txt "$work/signed.txt"
expect "the agent" "signed an hour ago, for five minutes" "403 refuse" expired

sign agent /welcome.txt --agent "$agent"
send /welcome.txt "$work/signed.txt"
expect "the agent" "signed" "200 pass" "$agent"
send /welcome.txt "$work/signed.txt"
expect "somebody" "the same once more" "429 slow-down" replayed

sign thief /welcome.txt --agent "$thief"
send /welcome.txt "$work/signed.txt"
expect "another agent" "signed in its own name" "200 pass" "$thief"
# For a key that it has not seen the origin fetches the directory once more: it may be new there.
for ((i = 0; i < 50; i++)); do
  sign thief /welcome.txt --agent "$agent"
  send /welcome.txt "$work/signed.txt"
  [ "$status" = 503 ] || break
  sleep 0.2
done
expect "another agent" "signed in the first one's name" "403 refuse" key-not-in-directory

echo
printf '%-24s %-38s %-14s %-32s %s\n' WHO REQUEST ANSWER WHY AS-EXPECTED
printf '%s\n' "${rows[@]}"
echo
echo "What the origin decided, a line of JSON each: build/demo-audit.log and, unless verified, build/demo-audit.log.unverified"
if [ "$failed" -ne 0 ]; then
  echo "$failed of ${#rows[@]} came out otherwise than they must" >&2
  exit 1
fi
echo "All ${#rows[@]} came out as they must."
