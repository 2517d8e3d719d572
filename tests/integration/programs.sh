#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every program keeps to the conventions: --help and --version on standard
# output with exit 0, an unknown option with exit 2 and a hint on standard
# error, a man page that formats without a warning and names every option
# that --help names. In Chinese nothing of it is English, in the locale C
# nothing is Chinese.
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
	[[ $err != *'unrecognized option'* ]] || fault "$name leaves it to getopt: $err"

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

export TEXTDOMAINDIR=$build/po
dir=$(mktemp -d "${TMPDIR:-/tmp}/zuoxi-test.XXXXXX")
trap 'rm -rf "$dir"' EXIT

# Four words of small letters in a row are a sentence.
sentence='\b[a-z]+,? [a-z]+,? [a-z]+,? [a-z]+\b'

# says ARG ...: in both languages, on either stream
says()
{
	local out
	out=$(env -u LANGUAGE LC_ALL=zh_CN.UTF-8 "$@" 2>&1 </dev/null) || true
	! grep -nE "$sentence" <<<"$out" ||
		fault "English in Chinese: ${*##*/}"
	grep -q '[^ -~]' <<<"$out" || fault "no Chinese: ${*##*/}"
	out=$(env -u LANGUAGE LC_ALL=C "$@" 2>&1 </dev/null) || true
	! grep -nP '[\x{3000}-\x{9fff}\x{ff00}-\x{ffef}]' <<<"$out" ||
		fault "Chinese in the locale C: ${*##*/}"
	[ -n "$out" ] || fault "nothing: ${*##*/}"
}

# a configuration with this line in it is told of in both
wrong()
{
	printf '%s\n' "$@" >"$dir/zuoxi.conf"
	says "$build/server/zuoxid" --config "$dir/zuoxi.conf" --check
}

check "$build/server/zuoxid" zuoxid.8
check "$build/server/switch/zuoxi-switch" zuoxi-switch.8
check "$build/server/gate/zuoxi-gate" zuoxi-gate.8
check "$build/server/ctl/zuoxictl" zuoxictl.8
check "$build/kb/zuoxi-kb" zuoxi-kb.1
check "$build/agent-tui/zuoxi" zuoxi.1
for p in server/zuoxid server/switch/zuoxi-switch server/gate/zuoxi-gate \
	server/ctl/zuoxictl kb/zuoxi-kb; do
	says "$build/$p" --help
	says "$build/$p" --no-such-option
	says "$build/$p" --config
done
for p in server/zuoxid server/switch/zuoxi-switch server/ctl/zuoxictl; do
	says "$build/$p" --config "$dir/nothere" status
done
says "$build/server/zuoxid" --config-help
says "$build/server/zuoxid" --print-default
wrong '[sip]' 'address = 0.0.0.0'
wrong '[sip]' 'port = none'
wrong '[sip]' 'nonsense = 1'
wrong '[sip]' 'port = 1' 'port = 2'
wrong '[site]' 'zone = Nowhere/Atall'
wrong '[site]' 'sample = perhaps'
wrong '[log]' 'level = loud'
wrong 'nonsense'
wrong '[rtp]' 'ports_from = 30000' 'ports_to = 20000'
wrong '[log]'
for text in x $'---\nnonsense' $'---\nid: x\n---\n' $'---\nwhat: x\n---\n' \
	$'---\nid: KB-0001\nid: KB-0002\n---\n' $'---\nid: KB-0001\n' \
	$'---\nid: KB-0001\nstate: odd\n---\n' $'a\x01'; do
	printf '%s' "$text" >"$dir/e.md"
	says "$build/kb/zuoxi-kb" check "$dir/e.md"
done
says "$build/kb/zuoxi-kb" check "$dir/none"
says "$build/kb/zuoxi-kb" nonsense
says "$build/kb/zuoxi-kb" --db "$dir/none.db" search x
says "$build/kb/zuoxi-kb" --socket "$dir/none" search x
says "$build/server/ctl/zuoxictl" nonsense
says "$build/server/ctl/zuoxictl" person add
says "$build/server/ctl/zuoxictl" --socket "$dir/none" status
page=$(MANWIDTH=200 man -E UTF-8 -l "$root/docs/man/zuoxictl.8" 2>/dev/null | col -b)
for noun in $("$build/server/ctl/zuoxictl" --words); do
	grep -qw "$noun" <<<"$page" || fault "zuoxictl.8 does not tell of $noun"
	for verb in $("$build/server/ctl/zuoxictl" --words "$noun"); do
		grep -w "$noun" <<<"$page" | grep -qw "$verb" ||
			fault "zuoxictl.8 does not tell of $noun $verb"
	done
done
page=$(MANWIDTH=200 man -E UTF-8 -l "$root/docs/man/zuoxi-kb.1" 2>/dev/null | col -b)
while read -r command; do
	grep -qw -- "$command" <<<"$page" || fault "zuoxi-kb.1 does not tell of $command"
done < <(LC_ALL=C "$build/kb/zuoxi-kb" --help | sed -n '/^$/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ -f "$root/docs/man/zuoxi.conf.5" ] || fault 'docs/man/zuoxi.conf.5 is missing'
exit $bad
