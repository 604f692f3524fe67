#!/bin/sh
# wget: ten requests; see ../node/drive.js.
#
# usage: drive.sh MODE URL
#        drive.sh lines URL...   as TCPWARM_SCENARIO asks for
set -eu
mode=$1 base=$2
shift
all=
for i in 1 2 3 4 5 6 7 8 9 10; do all="$all $base/item/$i"; done
get() { wget -q -O /dev/null --ca-certificate="$SSL_CERT_FILE" "$@"; }
case $mode in
default) for url in $all; do get "$url"; done ;; # a process each
shared) get $all ;;
deadline) get --read-timeout 0.3 --tries 1 $all || [ $? = 4 ] ;; # each; it goes on
lines)
	case ${TCPWARM_SCENARIO:-} in
	head) set -- --spider "$@" ;;
	not-modified) set -- --header 'If-None-Match: "1"' "$@" ;;
	unauthorized) set -- --user "$TCPWARM_USER" --password "$TCPWARM_PASSWORD" "$@" ;;
	expect-continue) set -- --header 'Expect: 100-continue' --post-data 'a body' "$@" ;;
	esac
	get --tries 2 "$@" || : # one that fails is told of
	;;
off) get --no-http-keep-alive $all ;;
*) echo "no mode $mode" >&2; exit 2 ;;
esac
