#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From the agent's answer key to voice, both ways, through client, sshd,
# tunnel, gate and switch: until the citizen's phone has the first packet of
# the agent's voice, and until the first packet of the citizen's is out of the
# client's relay. Baseline: the ping round trip of the same connections.
#   answer.sh BUILD [CALLS]
set -euo pipefail
. "$(dirname "$0")/../integration/lib.sh"
. "$(dirname "$0")/../integration/voice_lib.sh"

calls=${2:-40}
agents=4
voice_site "$1" >&2
# A greeting that is over before anybody answers.
sox -n -r 8000 -c 1 -b 16 "$site/prompts/notice.wav" synth 0.2 sine 440 \
	vol 0.1
for ((i = 1; i <= agents; i++)); do
	test_person "A00$i" "坐席$i" agent si=3
	echo "A00$i"
done >"$site/agents"
site_spawn robots zuoxi-robot --server "127.0.0.1:$site_ssh_port" \
	--user "$site_account" --agents "$site/agents" --keys "$site/keys" \
	--known-hosts "$site/home/known_hosts" --speak "$site/wav/1.wav" \
	--talk 1000 --wrapup 100 --answer-after 1000
for ((i = 1; i <= agents; i++)); do
	eventually 60 agent_is "A00$i" ready
done
number=$(jq -r '.items[] | select(.id == "si") | .number' \
	"$site/queues.json" | cut -d, -f1)
site_spawn citizens zuoxi-citizen \
	--to "sip:$number@127.0.0.1:$site_sip_port" --from 138%08d \
	--speak "$site/wav/0.wav" --talk 20000 --patience 60000 \
	--count "$calls" --rate 60
ended()
{
	[ "$(grep -c '"what":"filed"' "$site/log/robots.log")" -ge "$calls" ]
}
eventually 300 ended
eventually 30 eval \
	"[ \$(grep -c '\"code\"' '$site/log/citizens.log') -ge $calls ]"
# Which citizen met which agent: by the time of the key.
jq -ns --argjson n "$calls" \
	--slurpfile r <(grep '"what":"ended"' "$site/log/robots.log") \
	--slurpfile c <(grep '"agent_at_us"' "$site/log/citizens.log") '
	def pct($p): sort | .[(length * $p / 100 | ceil) - 1] / 1000;
	def ms: . * 10 | round / 10;
	($c | map(.agent_at_us) | map(select(. > 0)) | sort) as $at |
	($r | map(select(.key_us > 0 and .heard_us > 0)) | sort_by(.key_us))
		as $k |
	if ($at | length) != $n or ($k | length) != $n
	then error("\($at | length) citizens, \($k | length) agents") else . end |
	[range($n) | $at[.] - $k[.].key_us] as $out |
	[$k[] | .heard_us - .key_us] as $in |
	[$k[].rtt_us] as $rtt |
	([($out | pct(99)), ($in | pct(99))] | max) as $worst |
	{bench: "answer_voice", ours: ($worst | ms),
	 baseline: ($rtt | pct(50) * 1000 | round / 1000),
	 ratio: ($worst / ($rtt | pct(50)) | ms),
	 unit: "ms, p99 (less is better)",
	 note: ("answer key to voice, \($n) calls; at the citizen p50 " +
		"\($out | pct(50) | ms) p99 \($out | pct(99) | ms), at the " +
		"agent p50 \($in | pct(50) | ms) p99 \($in | pct(99) | ms); " +
		"baseline: ping p50 over the same tunnels")}' -c
site_ctl verify >"$site/log/verify.log" ||
	fail "verify: $(cat "$site/log/verify.log")"
