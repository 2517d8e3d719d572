# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What site tests share: a site in a temporary folder, steps that say what
# failed, and agents that type JSON by hand over a real SSH client.
#
#   . lib.sh; test_site BUILD-ROOT   then site_* of scripts/lib/site.sh
#   step 'what is shown'             names what follows
#   expect 'why' COMMAND ...         fails the test unless it succeeds
#   refuse 'why' COMMAND ...         fails the test unless it is refused

test_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib/site.sh
. "$test_root/scripts/lib/site.sh"

export LC_ALL=C.UTF-8

step()
{
	test_step=$1
	echo "- $1"
}

fail()
{
	test_fault="FAILED: ${test_step:-start}: $*"
	echo "$test_fault" >&2
	exit 1
}

expect()
{
	local why=$1
	shift
	"$@" || fail "$why: $*"
}

refuse()
{
	local why=$1
	shift
	! "$@" || fail "$why: $* was not refused"
}

# eventually SECONDS COMMAND ...: the seconds are what it may take on a machine
# of one's own. One that runs other things beside gets a minute: then it hangs.
eventually()
{
	local seconds=$1 began=$SECONDS
	shift
	site_wait $((seconds < 60 ? 60 : seconds)) "$*" "$@" ||
		fail "not even after $((SECONDS - began)) s: $*"
	[ $((SECONDS - began)) -le "$seconds" ] ||
		echo "  slow: $((SECONDS - began)) s for $seconds: $*"
}

# A figure that the design promises, for a machine of one's own; a shared one
# gets thrice the time: in_time MS LIMIT-MS WHAT
in_time()
{
	echo "  $3 after $1 ms"
	[ -n "$1" ] && [ "$1" -lt $(($2 * ${TEST_SLACK:-3})) ] ||
		fail "$3 after $1 ms only"
}

test_end()
{
	local code=$?
	trap - EXIT INT TERM
	site_stop >/dev/null 2>&1 || true
	if [ $code -ne 0 ] && [ -d "$site/log" ]; then
		tail -n 40 "$site"/log/*.log >&2
		# Said again below the logs, where one looks first.
		echo "${test_fault:-a command failed, exit code $code}" >&2
	fi
	[ -n "${TEST_KEEP:-}" ] || rm -rf "$site"
	exit $code
}

# test_site BUILD: a fresh folder with the programs in it; removed at the end
test_site()
{
	local dir
	dir=$(mktemp -d "${TMPDIR:-/tmp}/zuoxi-test.XXXXXX")
	trap test_end EXIT
	trap 'exit 130' INT TERM
	# The ranges of tests that run beside each other do not meet.
	site_rtp_from=$((30000 + $$ % 10 * 2000))
	site_ssh_port=$(site_free_port $((22500 + $$ % 400 * 10)))
	site_sip_port=$(site_free_port $((5200 + $$ % 400 * 10)))
	site_open "$dir" "$1"
}

# test_person ID NAME ROLES SKILLS: added, with a key
test_person()
{
	site_ctl person add "$1" "$2" --roles "$3" ${4:+--skills "$4"} >/dev/null &&
		site_key "$1" >/dev/null
}

test_ssh()
{
	local person=$1
	shift
	site_known_hosts >"$site/home/known_hosts"
	site_run ssh -F none -T -o BatchMode=yes -o ConnectTimeout=5 \
		-o "UserKnownHostsFile=$site/home/known_hosts" \
		-o IdentitiesOnly=yes -i "$site/keys/$person" \
		-p "$site_ssh_port" "$site_account@127.0.0.1" "$@"
}

# A robot with --step does what comes next: answers, holds and retrieves (with
# --hold), hangs up, files. Wait for what comes of it before the next one.
robot_step()
{
	kill -USR1 "$(site_pid "$1")"
}

# An agent who types: agent_open NAME PERSON starts ssh ... rpc in the
# background; agent_say NAME LINE sends, agent_heard NAME JQ-FILTER asks
# whether a line that came back matches.
agent_open()
{
	mkfifo "$site/$1.in"
	: >"$site/$1.out"
	[ ${#site_as[@]} -eq 0 ] || chown "$site_uid" "$site/$1".*
	(
		code=0
		test_ssh "$2" rpc <"$site/$1.in" >"$site/$1.out" \
			2>"$site/$1.err" || code=$?
		[ ! -d "$site" ] || echo $code >"$site/$1.exit"
	) &
	exec {agent_fd}>"$site/$1.in"
	printf -v "agent_fd_$1" %s "$agent_fd"
}

agent_say()
{
	local fd=agent_fd_$1
	printf '%s\n' "$2" >&"${!fd}"
}

agent_heard()
{
	# not select: jq -e reports on the last line alone
	jq -ne "any(inputs; $2)" "$site/$1.out" >/dev/null 2>&1
}

agent_hello()
{
	agent_say "$1" '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"version":1,"client":"test"}}'
	eventually 5 agent_heard "$1" '.id == 1 and .result.boot'
}

# office_killed: kill -9. The kernel lets go of its lock when the process is
# gone, not before.
office_gone()
{
	! kill -0 "$(site_pid zuoxid)" 2>/dev/null
}

office_killed()
{
	kill -9 "$(site_pid zuoxid)"
	eventually 20 office_gone
	rm -f "$site/pid/zuoxid"
}

# site_as_shifted BUILD: office and exchange run with a wall clock of the
# test's own, which shift_by SECONDS sets against ours
site_as_shifted()
{
	local p
	cp "$1/tests/sim/libclock_shift.so" "$site/bin/"
	for p in zuoxid zuoxi-switch; do
		mv "$site/bin/$p" "$site/bin/$p.own"
		cat >"$site/bin/$p" <<-SCRIPT
			#!/bin/sh
			export ASAN_OPTIONS="verify_asan_link_order=0:\${ASAN_OPTIONS:-}"
			export CLOCK_SHIFT=$site/shift LD_PRELOAD=$site/bin/libclock_shift.so
			exec $site/bin/$p.own "\$@"
		SCRIPT
		chmod 755 "$site/bin/$p"
	done
	shift_by 0
}

# as a binary int64_t, in one write
shift_by()
{
	perl -e 'print pack("q", $ARGV[0])' -- "$1" >"$site/shift.new"
	dd if="$site/shift.new" of="$site/shift" conv=notrunc status=none
}

# agent_ask NAME METHOD PARAMS: waits for its answer, whose id is in $asked;
# agent_answered NAME JQ-FILTER: what it says
asked=1
agent_ask()
{
	asked=$((asked + 1))
	agent_say "$1" "$(jq -nc --argjson p "$3" --arg m "$2" \
		--argjson i "$asked" \
		'{jsonrpc: "2.0", id: $i, method: $m, params: $p}')"
	eventually 20 agent_heard "$1" ".id == $asked"
}

agent_answered()
{
	expect "$2" agent_heard "$1" ".id == $asked and ($2)"
}

agent_close()
{
	local fd=agent_fd_$1
	exec {agent_fd}>&-  || true
	eval "exec ${!fd}>&-"
}
