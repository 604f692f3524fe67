#!/bin/sh
# curl: ten requests; see ../node/drive.js.
#
# usage: drive.sh MODE URL
set -eu
mode=$1 base=$2
all="$base/item/[1-10]"
case $mode in
default) for i in 1 2 3 4 5 6 7 8 9 10; do curl -sS "$base/item/$i"; done ;; # a process each
shared) curl -sS "$all" ;;
parallel) curl -sS --parallel --parallel-max 5 "$all" ;;
http10) curl -sS --http1.0 -H 'Connection: keep-alive' "$base/item/[1-3]" ;;
*) echo "no mode $mode" >&2; exit 2 ;;
esac
