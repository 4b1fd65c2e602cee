#!/bin/sh
# usage: fetch.sh SOCKET URL: fetch URL, signed by the daemon that `wba agent --socket SOCKET` is.
set -eu
asked=$(jq -n --arg url "$2" '{method: "GET", url: $url}')
answer=$(curl --silent --unix-socket "$1" --data "$asked" http://localhost/sign)
error=$(printf %s "$answer" | jq -r '.error // empty')
if [ -n "$error" ]; then echo "not signed: $error" >&2; exit 1; fi
# By standard input: arguments can be seen by every user of the machine.
printf %s "$answer" | jq -r '.headers[] | .[0] + ": " + .[1]' |
  curl --silent --show-error --fail --header @- "$2"
