#!/usr/bin/env bash
# usage: no_system_access.sh NM LIBRARY
# Fails where an object of the static library refers to a function that opens a socket or a file,
# starts a program, reads the environment, prints or ends the process. Only what its own objects
# name is looked at: not what the cryptographic libraries under them may do.
set -euo pipefail
nm=$1
library=$2

forbidden='socket|socketpair|connect|bind|listen|accept4?|send(to|msg)?|recv(from|msg)?|getaddrinfo|gethostby.*'
forbidden+='|open(at)?(64)?|creat(64)?|f(d|re)?open(64)?|opendir|tmpfile(64)?|mkstemp(64)?|unlink|rename|stat(64)?'
forbidden+='|system|popen|fork|vfork|exec[lv].*|posix_spawnp?|(secure_)?getenv|setenv|putenv'
forbidden+='|f?puts|putchar|(v|vf|f)?printf|__(v|vf|f)?printf_chk|perror|exit|_exit|quick_exit|abort'
forbidden+='|BIO_new_file|BIO_new_socket|BIO_new_connect|SSL_.*|PEM_read_.*_file'
# Mangled: std::basic_filebuf, basic_ifstream, basic_ofstream, basic_fstream, std::filesystem, cout, cerr, clog.
forbidden+='|_Z.*St13basic_filebuf.*|_Z.*St14basic_[io]fstream.*|_Z.*St13basic_fstream.*|_Z.*St10filesystem.*'
forbidden+='|_ZSt4cout|_ZSt4cerr|_ZSt4clog|_ZNSt8ios_base4InitC1Ev'

undefined=$("$nm" --undefined-only --format=posix "$library")
# An archive that names nothing undefined was not read.
if ! grep -q ' U' <<<"$undefined"; then
  echo "error: no undefined symbol in $library: is it a library?" >&2
  exit 2
fi
found=$(awk '$2 == "U" { print $1 }' <<<"$undefined" | sed 's/@.*//' | sort -u | grep -xE "$forbidden" || true)
if [ -n "$found" ]; then
  echo "$library refers to:" >&2
  printf '%s\n' "$found" >&2
  exit 1
fi
echo "$(awk '$2 == "U"' <<<"$undefined" | wc -l) references looked at, none forbidden"
