#!/usr/bin/env bash
# usage: source_rules.sh PROJECT
# The rules of who may include what. Public headers include the standard library and wba/ only;
# libsodium and OpenSSL stay in lib/src/crypto; rooms depend one way.
set -euo pipefail
cd "$1"
failed=0

complain() {
  echo "$1" >&2
  failed=1
}

# includes FILES... prints FILE:LINE:TARGET for each #include, TARGET with its < or ".
includes() {
  grep -HnoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"][^>"]+[>"]' "$@" |
    sed -E 's/#[[:space:]]*include[[:space:]]*//; s/:[[:space:]]+/:/g' || true
}

header_folders=(lib/include)
[ ! -d server-plugin ] || header_folders+=(server-plugin)
mapfile -t public < <(find "${header_folders[@]}" -path '*/include/wba/*' -name '*.h' | sort)
[ "${#public[@]}" -gt 0 ] || { echo "no public header found" >&2; exit 1; }
while IFS=: read -r file line target; do
  case $target in
    '<wba/'*.h'>') ;;
    '<curl/curl.h>') [ "$file" = lib/include/wba/curl.h ] || complain "$file:$line: only curl.h includes $target" ;;
    '<httplib.h>')
      case $file in server-plugin/httplib/*) ;; *) complain "$file:$line: only the middleware includes $target" ;; esac ;;
    # A header of the standard library has neither a dot nor a slash in its name.
    *[./]* | '"'*) complain "$file:$line: a public header includes $target" ;;
  esac
done < <(includes "${public[@]}")

while IFS= read -r file; do
  guard=$(basename "$file" .h | tr '[:lower:]' '[:upper:]')
  grep -qE "^#ifndef WBA_([A-Z0-9_]+_)?${guard}_H_\$" "$file" || complain "$file: no include guard WBA_${guard}_H_"
done < <(printf '%s\n' "${public[@]}")

folders=(lib/src)
for folder in server-plugin tools/wba; do [ ! -d "$folder" ] || folders+=("$folder"); done
mapfile -t sources < <(find "${folders[@]}" -name '*.h' -o -name '*.cc' | sort)
while IFS=: read -r file line target; do
  case $target in
    '<sodium'* | '<openssl/'*)
      case $file in lib/src/crypto/*) ;; *) complain "$file:$line: only lib/src/crypto includes $target" ;; esac ;;
  esac
  # room/file.h of another room: allowed where the room is below, by the line for this file's room.
  case $target in '"'*/*'"') ;; *) continue ;; esac
  room=${target#\"}
  room=${room%%/*}
  [ -d "lib/src/$room" ] || continue
  case $file in lib/src/*) own=${file#lib/src/}; own=${own%%/*} ;; *) continue ;; esac
  case $own in
    base) below='base' ;;
    http) below='base http' ;;
    sf) below='base crypto sf' ;;
    crypto) below='base crypto' ;;
    key) below='base crypto key' ;;
    digest) below='base sf crypto digest' ;;
    message) below='base http crypto sf message' ;;
    signature) below='base http sf crypto key digest message signature' ;;
    webbotauth) below='base http sf crypto key digest message signature webbotauth' ;;
    directory) below='base http sf crypto key digest message signature webbotauth directory' ;;
    client) below='base http client' ;;
    server) below='server' ;;
    *) continue ;;
  esac
  case " $below " in *" $room "*) ;; *) complain "$file:$line: $own depends on $room" ;; esac
done < <(includes "${sources[@]}")

[ "$failed" -eq 0 ] || exit 1
echo "${#public[@]} public headers and ${#sources[@]} sources keep the rules"
