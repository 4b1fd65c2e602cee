#!/usr/bin/env bash
# Builds the project and runs all of its tests, from a fresh clone on a machine with nothing but
# Debian 12 and git: what is missing is installed first (apt, with sudo when not root).
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: tools/test.sh [--preset release|debug|asan|tsan] [--threads] [--jobs N]
                     [--vectors FOLDER] [--no-install] [-- CTEST ARGUMENTS...]

  --preset NAME      the CMake preset to build and test (default: release)
  --threads          only the tests of what has threads: what the tsan preset is for
  --jobs N           how many compilers and tests run at once (default: one a processor)
  --vectors FOLDER   third-party test suites; their tests are skipped where it does not exist
                     (default: ../shared/vectors/third-party beside this project)
  --no-install       neither apt nor npm; what is missing then fails or is skipped
  -- ARGUMENTS       for ctest, for example: -- -R Verify
USAGE
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
preset=release
jobs=$(nproc)
vectors=$root/../shared/vectors/third-party
install=yes
build_only=()
test_only=()
while [ $# -gt 0 ]; do
  case $1 in
    --preset | --jobs | --vectors)
      if [ $# -lt 2 ]; then echo "error: $1 needs a value" >&2; exit 2; fi
      case $1 in --preset) preset=$2 ;; --jobs) jobs=$2 ;; --vectors) vectors=$2 ;; esac
      shift 2 ;;
    --threads) build_only=(--target wba_thread_tests); test_only=(-L '^threads$'); shift ;;
    --no-install) install=; shift ;;
    --) shift; break ;;
    -h | --help) usage; exit 0 ;;
    *) echo "error: unknown argument $1" >&2; usage >&2; exit 2 ;;
  esac
done

# shellcheck source=tools/dependencies.sh
. "$root/tools/dependencies.sh"
[ -z "$install" ] || wba_install_packages "$wba_build_packages$wba_test_packages"

cd "$root"
if [ -d "$vectors" ]; then vectors=$(cd "$vectors" && pwd); else vectors=; fi

# The packages that interop is tried against, at the versions of the lock file. Nothing is
# downloaded where they are there already.
if [ -n "$install" ] && ! [ tests/interop/node_modules/.package-lock.json -nt tests/interop/package-lock.json ]; then
  echo "==> Installing the npm packages of tests/interop"
  (cd tests/interop && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
fi

echo "==> Configuring (preset $preset)"
cmake --preset "$preset" -DWBA_BUILD_TESTS=ON -DWBA_BUILD_TOOLS=ON "-DWBA_EXTERNAL_VECTORS=$vectors"
echo "==> Building"
cmake --build --preset "$preset" -j "$jobs" "${build_only[@]}"
echo "==> Testing"
exec ctest --preset "$preset" -j "$jobs" "${test_only[@]}" "$@"
