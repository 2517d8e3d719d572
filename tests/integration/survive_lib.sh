# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the survival tests share: a site that is open day and night with one
# queue in use, agents and citizens, deaths, and what is asked afterwards.
# A random test prints its seed and takes one.

# survive_site BUILD PERSON ...: a running site with these agents
survive_site()
{
	local p
	test_site "$1"
	shift
	[ -z "${survive_first:-}" ] || "$survive_first"
	site_init >/dev/null
	"$test_root/scripts/prompts" "$site/prompts" >/dev/null
	for p in "${survive_set[@]}"; do
		# shellcheck disable=SC2086 # three words: section, key, value
		site_set $p
	done
	sox -n -r 8000 -c 1 -b 16 "$site/wav/tone.wav" synth 3 sine 700
	[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid:$site_uid" "$site"
	site_start
	site_ctl site fill >/dev/null
	site_ctl calendar import - <<<'hours mon-sun 00:00-24:00' >/dev/null
	site_ctl trunk set t1 --kind peer --host 127.0.0.1 >/dev/null
	for p in "$@"; do
		test_person "$p" "坐席$p" agent si=3
	done
	printf '%s\n' "$@" >"$site/agents"
	site_known_hosts >"$site/home/known_hosts"
	number=$(site_ctl queue list --json |
		jq -r '.items[] | select(.id == "si") | .number' | cut -d, -f1)
}

# Keys of the configuration that a test wants: "section key value".
survive_set=()
# A command between the empty folder and the site in it.
survive_first=

# robots NAME PERSONS ARG ...: agents, one process
robots()
{
	local name=$1
	printf '%s\n' "$2" | tr ' ' '\n' >"$site/$name.agents"
	shift 2
	site_spawn "$name" zuoxi-robot --server "127.0.0.1:$site_ssh_port" \
		--user "$site_account" --agents "$site/$name.agents" \
		--keys "$site/keys" --known-hosts "$site/home/known_hosts" \
		--speak "$site/wav/tone.wav" "$@"
}

citizen()
{
	local name=$1 from=$2
	shift 2
	site_spawn "$name" zuoxi-citizen \
		--to "sip:$number@127.0.0.1:$site_sip_port" --from "$from" \
		--speak "$site/wav/tone.wav" "$@"
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

item_is()
{
	site_ctl call waiting --json 2>/dev/null | jq -e "any(.items[]; $1)" \
		>/dev/null
}

# said NAME FILTER: a line of a robot's or a citizen's log
said()
{
	grep '^{' "$site/log/$1.log" 2>/dev/null | jq -nes "any(inputs[]; $2)" \
		>/dev/null
}

# No word to anybody, as a crash would.
office_dies()
{
	local pid
	pid=$(site_pid zuoxid)
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
}

switch_pid()
{
	cat "$site/run/switch.pid"
}

# The voice of these citizens had no hole: nothing lost, and no pause as long
# as an office is away. On a machine that runs other tests (TEST_SLACK is not
# 1) robots do not speak in time, and drop a packet rather than to be late.
voice_whole()
{
	local c
	for c in "$@"; do
		grep '^{' "$site/log/$c.log" | jq -c \
			'{from, answered, heard, gaps, max_gap_ms, seq_gaps}' |
			sed 's/^/  /'
		grep '^{' "$site/log/$c.log" |
			jq -es --argjson slack "${TEST_SLACK:-3}" \
			'length > 0 and all(.[]; .max_gap_ms < 400 * $slack and
			 .seq_gaps <= (if $slack == 1 then 0
				else .heard / 100 end))' >/dev/null ||
			fail "the voice of $c has a hole"
	done
}

# Each answered contact has one recording, as long as the talk: a goodbye that
# the office is slow to hear of takes half a second.
recordings_whole()
{
	# the last one is closed a moment after its call
	eventually 30 eval "site_ctl recording list --json |
		jq -e 'all(.items[]; .state != \"open\")' >/dev/null"
	site_ctl contact list --json >"$site/contacts.json"
	site_ctl recording list --json >"$site/recordings.json"
	jq -ne --slurpfile c "$site/contacts.json" \
		--slurpfile r "$site/recordings.json" '
		[$c[0].items[] | select(.answered_us and .result == "answered")
		 | . as $c | [$r[0].items[] | select(.contact == $c.id)]
		 | {id: $c.id, n: length, state: .[0].state, ms: .[0].ms,
		    want: (($c.ended_us - $c.answered_us) / 1000)}]
		| map(select(.n != 1 or .state == "open" or
			((.ms - .want) | fabs) > 1000))
		| if length > 0 then . , halt_error(1) else true end
		' || fail 'a recording has not the length of its call'
}

# No fact twice: what happens once in the life of a contact.
facts_once()
{
	site_ctl fact list --json >"$site/facts.json"
	jq -e '[.items[] | select(.kind | IN("contact.arrived",
		"contact.queued", "contact.answered", "contact.ended",
		"ticket.filed", "recording.opened", "recording.closed"))]
		| group_by([.kind, .contact]) | map(select(length > 1))
		| if length > 0 then (map(.[0] | [.kind, .contact]), false)
		  else true end' "$site/facts.json" ||
		fail 'a fact stands twice'
}

# Nobody is left in a call that is over.
nobody_stuck()
{
	eventually 30 eval "site_ctl agent list --json | jq -e \
		'all(.items[]; .state | IN(\"ready\", \"paused\", \"offline\"))'"
	expect 'no call is left' eval \
		"site_ctl call list --json | jq -e '.items | length == 0'"
}
