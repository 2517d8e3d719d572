#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A whole site under load: real sshd, robot agents, citizens by SIP. Is a call
# or a packet lost by us, and what does it cost? On a build without
# sanitizers; prints one JSON line, exits 1 when something was lost.
#
#   load.sh BUILD tunnel [CALLS [SECONDS]]  as many agents and calls at once, all
#   load.sh BUILD udp    [CALLS [SECONDS]]  recorded; voice through SSH or by SRTP
#   load.sh BUILD setups [RATE [SECONDS]]   so many new calls a second, by SRTP
#   load.sh BUILD agents [AGENTS [SECONDS]] so many signed in; do they stay?
#
# seq_gaps: gaps in the numbers of the packets that citizens received.
# jitter_ms: how far off their time packets came, p99, median of all calls;
# direct_ms: the same between citizens without us. CPU: busy cores of each
# part, of which robots and citizens are the load, not the site. PERF=FILE
# keeps a profile of the switch.
set -euo pipefail
. "$(dirname "$0")/../integration/lib.sh"

form=${2:-tunnel}
case $form in
tunnel | udp) agents=${3:-40} seconds=${4:-60} ;;
setups) rate=${3:-30} seconds=${4:-60} agents=$((rate * 6)) ;;
agents) agents=${3:-400} seconds=${4:-60} ;;
*) fail "no form $form" ;;
esac
# more agents than a process of robots takes
[ "$agents" -le 400 ] || fail 'at most 400 agents'
direct_ms=0

people()
{
	local i id
	for ((i = 1; i <= agents; i++)); do
		printf 'A%03d\n' "$i"
	done >"$site/agents"
	xargs -P 2 -I{} ssh-keygen -q -t ed25519 -N '' -C {} -f "$site/keys/{}" <"$site/agents"
	[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid:$site_uid" "$site/keys"
	while read -r id; do
		test_person "$id" "座席$id" agent si=3
	done <"$site/agents"
}

in_state()
{
	[ "$(site_ctl agent list --json |
		jq "[.items[] | select(.state == \"$1\")] | length")" -ge "$2" ]
}
all_ended()
{
	[ "$(site_ctl call list --json | jq '.items | length')" -eq 0 ]
}

# family PID: a process and all below it
family()
{
	ps -eo pid=,ppid= | awk -v top="$1" '
		{ parent[$1] = $2 }
		END {
			for (p in parent) {
				for (q = p; q in parent && q != top; )
					q = parent[q]
				if (q == top) print p
			}
		}'
}
# user and system ticks of processes, with what their dead children took
ticks()
{
	local p
	for p in "$@"; do
		sed 's/.*) //' "/proc/$p/stat" 2>/dev/null || true
	done | awk '{ n += $12 + $13 + $14 + $15 } END { print n + 0 }'
}
busy()
{
	awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 }' /proc/stat
}
mark()
{
	local name
	for name in robots citizens zuoxid; do
		printf '%s %s\n' "$name" "$(ticks "$(site_pid "$name")")"
	done
	printf 'switch %s\n' "$(ticks "$(cat "$site/run/switch.pid")")"
	# shellcheck disable=SC2046
	printf 'ssh %s\n' "$(ticks $(family "$(site_pid sshd)"))"
	printf 'machine %s\n' "$(busy)"
	printf 'uptime %s\n' "$(awk '{ print int($1 * 100) }' /proc/uptime)"
}
# cores MARK MARK: busy cores between the two, by part
cores()
{
	jq -nc --rawfile a "$1" --rawfile b "$2" '
		def marks: [split("\n")[] | select(. != "") | split(" ") |
			{key: .[0], value: (.[1] | tonumber)}] | from_entries;
		($a | marks) as $a | ($b | marks) as $b |
		($b.uptime - $a.uptime) as $t | $b | del(.uptime) |
		with_entries(.value = ((.value - $a[.key]) / $t * 100 | round / 100))'
}

switch_stats()
{
	(echo '{"jsonrpc":"2.0","id":1,"method":"stats","params":{}}'; sleep 0.3) |
		socat - "UNIX:$site/run/switch.sock" | jq -c .result
}

robots()
{
	site_spawn robots zuoxi-robot --server "127.0.0.1:$site_ssh_port" \
		--user "$site_account" --keys "$site/keys" \
		--known-hosts "$site/home/known_hosts" --agents "$site/agents" \
		--speak "$site/wav/a.wav" --wrapup "$wrapup" --talk "$1" ${udp:+--udp}
	local t=$SECONDS
	eventually 240 in_state ready "$agents"
	login_s=$((SECONDS - t))
}

# citizens COUNT RATE-A-MINUTE TALK-MS
citizens()
{
	site_spawn citizens zuoxi-citizen --to "sip:88001001@127.0.0.1:$site_sip_port" \
		--from '138%08d' --speak "$site/wav/c.wav" --talk "$3" \
		--patience 60000 --count "$1" --rate "$2"
}
citizens_gone()
{
	! kill -0 "$(site_pid citizens)" 2>/dev/null
}

# What the citizens' own clocks make of it, with nobody between.
direct()
{
	local port=$((site_sip_port + 1000)) far
	site_spawn far zuoxi-citizen --answer --port "$port" --ring 0 --talk 8000 \
		--count "$agents" --speak "$site/wav/a.wav"
	site_spawn near zuoxi-citizen --to "sip:1@127.0.0.1:$port" --patience 1 \
		--talk 30000 --count "$agents" --rate 6000 --speak "$site/wav/c.wav"
	far=$(site_pid far)
	site_wait 120 'direct calls' eval "! kill -0 $far 2>/dev/null"
	direct_ms=$(jq -s '[.[].jitter_p99_us] | sort | .[length / 2 | floor] / 1000' "$site/log/near.log")
}

test_site "$1"
site_init >/dev/null
udp=
wrapup=500
if [ "$form" != tunnel ]; then
	udp=1
	site_set voice path udp
fi
"$test_root/scripts/prompts" "$site/prompts" >/dev/null
"$test_root/scripts/lib/speak" "$site/wav/c.wav" '您好，我想问一下生育津贴多久能到账，材料上个月就交了。'
"$test_root/scripts/lib/speak" "$site/wav/a.wav" '您好，这里是社保热线，审核通过以后大约二十个工作日到账。' \
	--voice cmn+f3 --pitch 75
[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid:$site_uid" "$site"
site_start
site_ctl site fill >/dev/null
site_ctl calendar import - <<<'hours mon-sun 00:00-24:00' >/dev/null
site_ctl trunk set t1 --kind peer --host 127.0.0.1 >/dev/null
people
site_known_hosts >"$site/home/known_hosts"
case $form in
tunnel | udp)
	direct
	robots 3600000
	# one process speaks for all robots: slowly, or it
	# drowns; the first stay until the last have come
	citizens "$agents" 300 $(((seconds + agents / 5) * 1000))
	eventually $((120 + agents / 2)) in_state talking "$agents"
	mark >"$site/log/m0"
	[ -z "${PERF:-}" ] ||
		perf record -q -g -o "$PERF" -p "$(cat "$site/run/switch.pid")" -- sleep 15 &
	sleep $((seconds - (seconds > 20 ? 15 : 2)))
	mark >"$site/log/m1"
	eventually $((120 + agents / 2)) citizens_gone
	calls=$agents
	;;
setups)
	robots 1000
	calls=$((rate * seconds))
	citizens "$calls" $((rate * 60)) 20000
	mark >"$site/log/m0"
	sleep "$seconds"
	mark >"$site/log/m1"
	eventually 180 citizens_gone
	;;
agents)
	robots 8000
	citizens 1 60 1000
	mark >"$site/log/m0"
	sleep "$seconds"
	mark >"$site/log/m1"
	in_state ready $((agents - 1)) || fail 'agents were lost'
	eventually 120 citizens_gone
	calls=40
	citizens $calls 1200 20000
	eventually 180 citizens_gone
	;;
esac
load=$(cut -d' ' -f1-3 /proc/loadavg)
eventually 120 all_ended
verify=true
site_ctl verify >"$site/log/verify.log" || verify=false
# what citizens heard of an agent; short calls end while the notice plays, and
# 400 robots of one process speak too unevenly to be known by their voice: there
# what agents answered
answered=$(grep -c '"answered":true' "$site/log/citizens.log" || true)
[ "$form" = tunnel ] || [ "$form" = udp ] || answered=$(grep -c '"what":"answered"' "$site/log/robots.log" || true)
# a tunnel that broke, though it came back
again=$(grep -c '"what":"down"' "$site/log/robots.log" || true)
pss=$(for p in $(family "$(site_pid sshd)"); do
	awk '/^Pss:/ { print $2 }' "/proc/$p/smaps_rollup" 2>/dev/null
done | awk '{ n += $1 } END { print int(n / 1024) }')
rss()
{
	awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$1/status"
}
files()
{
	find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l
}
switch=$(cat "$site/run/switch.pid")
office=$(site_pid zuoxid)
jq -s -c --arg form "$form" --argjson agents "$agents" --argjson calls "$calls" \
	--argjson seconds "$seconds" --argjson login "$login_s" --argjson verify $verify \
	--argjson cores "$(cores "$site/log/m0" "$site/log/m1")" \
	--argjson stats "$(switch_stats)" --arg load "$load" --argjson again "$again" \
	--argjson answered "$answered" --argjson direct "$direct_ms" --argjson pss "${pss:-0}" \
	--argjson mem "{\"switch\":$(rss "$switch"),\"office\":$(rss "$office")}" \
	--argjson files "{\"switch\":$(files "$switch"),\"office\":$(files "$office")}" '
	[.[] | select(.from)] as $c |
	def middle(f): [$c[] | select(.up) | f] | sort | .[length / 2 | floor] // 0;
	def p99(f): [$c[] | select(.up) | f] | sort | .[length * 99 / 100 | floor] // 0;
	{bench: "load", form: $form, agents: $agents, calls: $calls, seconds: $seconds,
	 login_s: $login, answered: $answered, up_p99_ms: p99(.up_ms),
	 heard: ([$c[].heard] | add), seq_gaps: ([$c[].seq_gaps] | add),
	 max_gap_ms: ([$c[].max_gap_ms] | max),
	 jitter_ms: (middle(.jitter_p99_us) / 1000), direct_ms: $direct,
	 dropped: $stats.media.rec_dropped, late: $stats.media.late,
	 reconnects: $again, verify: $verify, cores: $cores, load: $load,
	 memory_mb: ($mem + {ssh: $pss}), files: $files}' < <(grep '^{' "$site/log/citizens.log") | tee "$site/log/result"
jq -e '.verify and .answered >= .calls and .reconnects == 0 and .seq_gaps == 0' \
	"$site/log/result" >/dev/null || fail "something was lost: $(cat "$site/log/verify.log")"
