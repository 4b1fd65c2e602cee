# shellcheck shell=bash disable=SC2034
# Sourced by the scripts beside it: installs, through apt, the Debian packages that are missing.
#
# One package a line: its name, then, after a colon, the command that makes it unnecessary (so that
# a newer Node or CMake on PATH is used as it is), then what it is needed for.

# What the libraries and the wba command are built from, and what tools/demo.sh runs.
wba_build_packages='
g++:g++                    compiler, version 12 or newer
cmake:cmake                build system, version 3.25 or newer
ninja-build:ninja          what the CMake presets build with
pkg-config:pkg-config      finds libsodium
libsodium-dev              Ed25519, SHA-2, random numbers, wiping
libssl-dev                 RSA, ECDSA, HMAC, PEM, TLS to Redis
nlohmann-json3-dev         JWK and other JSON
libcli11-dev               the command line of wba
libcurl4-openssl-dev       HTTP client of wba::directory and wba::client
libpsl-dev                 registered domains: a bound on directories for each
libcpp-httplib-dev         HTTPS server of wba origin and the middleware for it
libtomlplusplus-dev        configuration of the guard
libhiredis-dev             Redis, for state that several machines share
prometheus-cpp-dev         metrics
libevent-dev               the event loop of wba-authd and wba directory serve
curl:curl                  wba curl runs it; so do the tests
jq:jq                      tools/demo.sh takes requests out of vectors/ with it
openssl:openssl            tools/demo.sh makes the certificates of its servers with it
'

# What the tests and benchmarks need besides. Servers are not started by being installed: the tests
# start their own, on free ports.
wba_test_packages='
libgtest-dev               GoogleTest
libgmock-dev               GoogleMock
libbenchmark-dev           Google Benchmark: the release preset builds the benchmarks
binutils:nm                looks into libwba_core.a for sockets and files
git:git                    lists the source files that are checked
nodejs:node                runs the other implementations that ours is tried against
npm:npm                    installs those
openssl:openssl            makes the certificate of the Node server that wba fetch is tried at
ca-certificates            npm speaks https
redis-server:redis-server  state that guards share, for real
nginx:nginx                servers that wba-authd stands behind
caddy:caddy
haproxy:haproxy
apache2-bin:apache2
lua-socket                 with it Apache asks wba-authd
'

# What .ci/run needs besides: tools/format.sh --check is one of the tests, and the fuzz preset.
wba_ci_packages='
clang-format-14:clang-format-14    formats the sources
clang-19:clang-19                  builds the fuzz targets
libclang-rt-19-dev                 libFuzzer and the sanitizers of clang-19
'

# What only those who work on the project need besides: tools/tidy.sh, bench/load/run.sh.
wba_develop_packages=$wba_ci_packages'
clang-tidy-19:clang-tidy-19        checks the sources
wrk:wrk                            the load of bench/load/run.sh
'

# wba_missing_packages PACKAGES prints the names of those that have to be installed.
wba_missing_packages() {
  local entry reason package command status
  while read -r entry reason; do
    [ -n "$entry" ] || continue
    package=${entry%%:*}
    command=
    case $entry in *:*) command=${entry#*:} ;; esac
    if [ -n "$command" ] && command -v "$command" >/dev/null 2>&1; then continue; fi
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || echo "$package"
  done <<<"$1"
}

# wba_install_packages PACKAGES installs what is missing of them. Where nothing is, nothing is run.
wba_install_packages() {
  if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    echo "error: this is no Debian system: packages are installed with apt" >&2
    echo "hint: install these yourself, then add --no-install:$(sed -n 's/^\([^ :]*\).*/ \1/p' <<<"$1" | tr -d '\n')" >&2
    return 2
  fi
  local missing as_root=()
  missing=$(wba_missing_packages "$1")
  [ -n "$missing" ] || return 0
  missing=$(tr '\n' ' ' <<<"$missing")
  missing=${missing% }
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      echo "error: packages are missing, and there is no sudo to install them with" >&2
      echo "hint: as root, run: apt-get install --no-install-recommends $missing" >&2
      return 2
    fi
    as_root=(sudo)
  fi
  echo "==> Installing $missing"
  # Debian's own questions would stop a run that nobody watches.
  as_root+=(env DEBIAN_FRONTEND=noninteractive)
  # Where this file says so, packages do not start the servers they bring.
  local policy=/usr/sbin/policy-rc.d made_policy='' status=0
  if ! [ -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin "$policy" && made_policy=yes
  fi
  # shellcheck disable=SC2086
  "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" apt-get install -qq -y --no-install-recommends $missing >/dev/null || status=$?
  [ -z "$made_policy" ] || "${as_root[@]}" rm -f "$policy"
  if [ "$status" -ne 0 ]; then
    echo "error: apt could not install: $missing" >&2
    return 2
  fi
}
