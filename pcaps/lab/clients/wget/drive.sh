#!/bin/sh
# wget: ten requests; see ../node/drive.js.
#
# usage: drive.sh MODE URL
set -eu
mode=$1 base=$2
all=
for i in 1 2 3 4 5 6 7 8 9 10; do all="$all $base/item/$i"; done
get() { wget -q -O /dev/null --ca-certificate="$SSL_CERT_FILE" "$@"; }
case $mode in
default) for url in $all; do get "$url"; done ;; # a process each
shared) get $all ;;
off) get --no-http-keep-alive $all ;;
*) echo "no mode $mode" >&2; exit 2 ;;
esac
