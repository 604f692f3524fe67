#!/bin/sh
# curl: ten requests; see ../node/drive.js.
#
# usage: drive.sh MODE URL
#        drive.sh lines URL...   as TCPWARM_SCENARIO asks for
set -eu
mode=$1
shift
base=$1
all="$base/item/[1-10]"
case $mode in
default) for i in 1 2 3 4 5 6 7 8 9 10; do curl -sS "$base/item/$i"; done ;; # a process each
shared) curl -sS "$all" ;;
parallel) curl -sS --parallel --parallel-max 5 "$all" ;;
deadline) curl -sS --max-time 0.3 "$all" || [ $? = 28 ] ;; # each; it goes on
lines)
	case ${TCPWARM_SCENARIO:-} in
	head) set -- --head "$@" ;;
	not-modified) set -- -H 'If-None-Match: "1"' "$@" ;;
	unauthorized) set -- --anyauth --user "$TCPWARM_USER:$TCPWARM_PASSWORD" "$@" ;;
	expect-continue) set -- -H 'Expect: 100-continue' --data 'a body' "$@" ;;
	five-* | http2-[os]* | http2-goaway | h2c-*) set -- --parallel "$@" ;;
	esac
	curl -sS --location "$@" || : # one that fails is not asked again
	;;
http10) curl -sS --http1.0 -H 'Connection: keep-alive' "$base/item/[1-3]" ;;
*) echo "no mode $mode" >&2; exit 2 ;;
esac
