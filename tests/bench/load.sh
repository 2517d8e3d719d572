#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# So many agents over real SSH connections, as many calls at once, all
# recorded: is a call or a packet lost by us? Run by hand, on a build without
# sanitizers.
#
#   load.sh BUILD [AGENTS] [SECONDS]
#
# prints one JSON line. Lost packets: gaps in the sequence numbers that the
# citizens received (seq_gaps), frames that the agents' phones dropped.
set -euo pipefail
. "$(dirname "$0")/../integration/lib.sh"

agents=${2:-40}
talk=${3:-60}
test_site "$1"
site_init >/dev/null
"$test_root/scripts/prompts" "$site/prompts" >/dev/null
"$test_root/scripts/lib/speak" "$site/wav/c.wav" '您好，我想问一下生育津贴多久能到账，材料上个月就交了。'
"$test_root/scripts/lib/speak" "$site/wav/a.wav" '您好，这里是社保热线，审核通过以后大约二十个工作日到账。' \
	--voice cmn+f3 --pitch 75
[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid:$site_uid" "$site"
site_start
site_ctl site fill >/dev/null
site_ctl calendar import - <<<'hours mon-sun 00:00-24:00' >/dev/null
site_ctl trunk set t1 --kind peer --host 127.0.0.1 >/dev/null
for ((i = 1; i <= agents; i++)); do
	id=$(printf 'A%03d' "$i")
	test_person "$id" "座席$i" agent si=3
	echo "$id"
done >"$site/agents"
site_known_hosts >"$site/home/known_hosts"

ready()
{
	[ "$(site_ctl agent list --json |
		jq '[.items[] | select(.state == "ready")] | length')" -ge "$agents" ]
}
talking()
{
	[ "$(site_ctl agent list --json |
		jq '[.items[] | select(.state == "talking")] | length')" -ge "$agents" ]
}
all_ended()
{
	[ "$(site_ctl call list --json | jq '.items | length')" -eq 0 ]
}
# user and system ticks of a process and its threads
ticks()
{
	awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"
}

site_spawn robots zuoxi-robot --server "127.0.0.1:$site_ssh_port" \
	--user "$site_account" --keys "$site/keys" \
	--known-hosts "$site/home/known_hosts" --agents "$site/agents" \
	--speak "$site/wav/a.wav" --talk $((talk * 1000 + 600000)) --wrapup 500
eventually 60 ready
site_spawn citizens zuoxi-citizen \
	--to "sip:88001001@127.0.0.1:$site_sip_port" --from '1380000%04d' \
	--speak "$site/wav/c.wav" --talk $((talk * 1000)) --patience 60000 \
	--count "$agents" --rate 1800
eventually 60 talking
switch=$(cat "$site/run/switch.pid")
office=$(site_pid zuoxid)
s0=$(ticks "$switch") o0=$(ticks "$office") t0=$SECONDS
eventually $((talk + 120)) eval '! kill -0 $(site_pid citizens)'
s1=$(ticks "$switch") o1=$(ticks "$office") t1=$SECONDS
eventually 60 all_ended
site_ctl verify >"$site/log/verify.log" || fail "verify: $(cat "$site/log/verify.log")"
jq -s -c --argjson agents "$agents" --argjson cpu $((s1 - s0)) \
	--argjson office $((o1 - o0)) --argjson s $((t1 - t0)) '
	{bench: "load", agents: $agents, seconds: $s,
	 answered: ([.[] | select(.answered)] | length),
	 heard: ([.[].heard] | add), seq_gaps: ([.[].seq_gaps] | add),
	 gaps: ([.[].gaps] | add), max_gap_ms: ([.[].max_gap_ms] | max),
	 switch_cpu: ($cpu / 100 / $s), office_cpu: ($office / 100 / $s)}' \
	"$site/log/citizens.log"
