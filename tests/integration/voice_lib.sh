# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What tests share that listen: agents who do what a line says, each with a
# voice of its own, citizens who tell where in their recording they are, and
# the question whose voice is in a part of it.

voice_texts=(
	[0]='您好，我想问一下生育津贴多久能到账，材料上个月就交了。'
	[1]='您好，这里是社保热线，审核通过以后大约二十个工作日到账。'
	[2]='请您稍等，我来查询您单位申报的缴费基数和参保记录。'
	[3]='医疗保险的异地就医备案，可以在手机上办理，马上生效。'
)
voice_speakers=(
	[0]=''
	[1]='--voice cmn+f3 --pitch 75'
	[2]='--voice cmn+m3 --pitch 35'
	[3]='--voice cmn+f5 --pitch 95'
)

# voice_site BUILD: a running site, open day and night; voice_set holds
# "section key value" lines that it wants
voice_set=()
# What a test does to the folder before anything runs in it.
voice_before()
{
	:
}
voice_site()
{
	local i p
	test_site "$1"
	voice_before
	site_init >/dev/null
	for p in "${voice_set[@]}"; do
		# shellcheck disable=SC2086 # three words: section, key, value
		site_set $p
	done
	"$test_root/scripts/prompts" "$site/prompts" >/dev/null
	for i in "${!voice_texts[@]}"; do
		# shellcheck disable=SC2086 # options
		"$test_root/scripts/lib/speak" "$site/wav/$i.wav" \
			"${voice_texts[$i]}" ${voice_speakers[$i]}
	done
	mkdir -p "$site/heard"
	[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid:$site_uid" "$site"
	site_start
	site_ctl site fill >/dev/null
	site_ctl calendar import - <<<'hours mon-sun 00:00-24:00' >/dev/null
	site_ctl trunk set t1 --kind peer --host 127.0.0.1 >/dev/null
	site_known_hosts >"$site/home/known_hosts"
	site_ctl queue list --json >"$site/queues.json"
}

# robot AGENT VOICE ARG ...: an agent who speaks with that voice
robot()
{
	local agent=$1 voice=$2
	shift 2
	[ -p "$site/$agent.told" ] || mkfifo "$site/$agent.told"
	mkdir -p "$site/heard/$agent"
	[ ${#site_as[@]} -eq 0 ] ||
		chown "$site_uid" "$site/$agent.told" "$site/heard/$agent"
	site_spawn "$agent" zuoxi-robot --server "127.0.0.1:$site_ssh_port" \
		--user "$site_account" --identity "$site/keys/$agent" \
		--known-hosts "$site/home/known_hosts" --agent "$agent" \
		--speak "$site/wav/$voice.wav" --record "$site/heard/$agent" \
		--control "$site/$agent.told" "$@"
}

# ask AGENT METHOD [PARAMS]: the answer's line into $site/answer; fails when
# it was refused
ask()
{
	local before
	before=$(replies "$1")
	printf '%s %s %s\n' "$1" "$2" "$(tr -d '\n\t' <<<"${3:-}")" \
		>"$site/$1.told"
	eventually 20 eval "[ \$(replies $1) -gt $before ]"
	grep '"what":"reply"' "$site/log/$1.log" | sed -n "$((before + 1))p" \
		>"$site/answer"
	jq -e .ok "$site/answer" >/dev/null
}

replies()
{
	grep -c '"what":"reply"' "$site/log/$1.log" || true
}

# refused AGENT METHOD PARAMS SENTENCE [DETAIL]: with that sentence
refused()
{
	refuse "$1 $2" ask "$1" "$2" "$3"
	jq -e --arg e "$4" --arg d "${5:-}" \
		'.error == $e and (.detail | contains($d))' "$site/answer" \
		>/dev/null || fail "$2 is refused with: $(cat "$site/answer")"
}

# caller NAME QUEUE NUMBER ARG ...
caller()
{
	local name=$1 number
	number=$(jq -r --arg q "$2" '.items[] | select(.id == $q) | .number' \
		"$site/queues.json" | cut -d, -f1)
	site_spawn "$name" zuoxi-citizen \
		--to "sip:$number@127.0.0.1:$site_sip_port" --from "$3" \
		--speak "$site/wav/0.wav" --record "$site/heard/$name.wav" \
		--patience 200000 "${@:4}"
	# it takes marks once it is itself
	eventually 20 eval "grep -q zuoxi-citizen /proc/$(site_pid "$name")/comm"
}

# mark NAME: the place in the recording of that citizen, in ms, into $mark
mark()
{
	local before
	before=$(grep -c '"mark":' "$site/log/$1.log" || true)
	kill -USR1 "$(site_pid "$1")"
	site_wait 20 "a mark of $1" eval \
		"[ \$(grep -c '\"mark\":' '$site/log/$1.log') -gt $before ]" ||
		return 1
	mark=$(grep '"mark":' "$site/log/$1.log" | tail -n 1 | jq .heard_ms)
}

hears_agent()
{
	mark "$1"
	grep '"mark":' "$site/log/$1.log" | tail -n 1 | jq -e .agent >/dev/null
}

# heard_for NAME MS: until that citizen has heard so much more; from, to
heard_for()
{
	mark "$1"
	from=$mark
	until mark "$1" && [ "$mark" -ge $((from + $2)) ]; do
		read -rt 0.2 <> <(:) || true
	done
	to=$mark
}

# in_part FILE FROM TO WAV [WINDOW_MS]: how much of the WAV is in that part (ms)
in_part()
{
	sox "$1" "$site/part.wav" trim "$(awk "BEGIN { print $2 / 1000 }")" \
		"$(awk "BEGIN { print ($3 - $2) / 1000 }")"
	[ ${#site_as[@]} -eq 0 ] || chown "$site_uid" "$site/part.wav"
	site_run correlate "$site/part.wav" left "$4" "${5:-1000}"
}

# hears WHAT FILE FROM TO OWN-WAV OTHER-WAV ...: the first, none of the others
hears()
{
	local what=$1 file=$2 a=$3 b=$4 own=$5 r w
	shift 5
	r=$(in_part "$file" "$a" "$b" "$own")
	echo "  $what ($((b - a)) ms): ${own##*/} $r"
	awk -v r="$r" 'BEGIN { exit !(r >= 0.8) }' ||
		fail "$what: ${own##*/} correlates at $r"
	for w in "$@"; do
		r=$(in_part "$file" "$a" "$b" "$w")
		awk -v r="$r" 'BEGIN { exit !(r <= 0.4) }' ||
			fail "$what: ${w##*/} correlates at $r"
	done
}

agent_is()
{
	site_ctl agent list --json 2>/dev/null | jq -e --arg a "$1" \
		--arg s "$2" 'any(.items[]; .id == $a and .state == $s)' \
		>/dev/null
}

contact_with()
{
	site_ctl contact list --json 2>/dev/null |
		jq -e "any(.items[]; $1)" >/dev/null
}

# The contact that an agent is in.
contact_of()
{
	site_ctl agent list --json |
		jq -r --arg a "$1" '.items[] | select(.id == $a) | .contact'
}

# said NAME FILTER: a line of a robot's or a citizen's log
said()
{
	grep '^{' "$site/log/$1.log" 2>/dev/null |
		jq -nes "any(inputs[]; $2)" >/dev/null
}
