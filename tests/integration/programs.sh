#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every program keeps to the conventions: --help and --version on standard
# output with exit 0, an unknown option with exit 2 and a hint on standard
# error, a man page that formats without a warning and names every option
# that --help names.
#   programs.sh BUILD
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
bad=0

fault()
{
	echo "FAILED: $*"
	bad=1
}

check()
{
	local path=$1 page=$2 name=${1##*/} out err code opt
	out=$("$path" --version) || fault "$name --version exits $?"
	[[ $out == "$name "[0-9]* ]] || fault "$name --version prints '$out'"
	out=$("$path" --help) || fault "$name --help exits $?"
	[ -n "$out" ] || fault "$name --help prints nothing"
	code=0
	err=$("$path" --no-such-option 2>&1 >/dev/null) || code=$?
	[ $code -eq 2 ] || fault "$name --no-such-option exits $code, not 2"
	[ -n "$err" ] || fault "$name --no-such-option says nothing"

	page=$root/docs/man/$page
	if [ ! -f "$page" ]; then
		fault "docs/man/${page##*/} is missing"
		return
	fi
	err=$(MANWIDTH=80 man --warnings -E UTF-8 -l "$page" 2>&1 >/dev/null)
	[ -z "$err" ] || fault "${page##*/}: $err"
	local text
	text=$(MANWIDTH=200 man -E UTF-8 -l "$page" 2>/dev/null | col -b)
	while read -r opt; do
		grep -qe "$opt" <<<"$text" || fault "${page##*/} does not tell of $opt"
	done < <(grep -oE '^ *(-[a-zA-Z], )?--[a-z][a-z-]+' <<<"$out" | grep -oE -- '--.*' | sort -u)
}

check "$build/server/zuoxid" zuoxid.8
check "$build/server/switch/zuoxi-switch" zuoxi-switch.8
check "$build/server/gate/zuoxi-gate" zuoxi-gate.8
check "$build/server/ctl/zuoxictl" zuoxictl.8
check "$build/kb/zuoxi-kb" zuoxi-kb.1
check "$build/agent-tui/zuoxi" zuoxi.1
[ -f "$root/docs/man/zuoxi.conf.5" ] || fault 'docs/man/zuoxi.conf.5 is missing'
exit $bad
