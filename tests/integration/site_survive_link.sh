#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The link between a workstation and the server breaks in mid-call, in network
# namespaces of this test's own: pulled, so that both sides know, and swallowing
# every packet, so that nobody is told. The citizen is comforted, the agent has
# his call again when the link is back; when it is not, another one has it. An
# idle workstation finds out by its ping.
#   site_survive_link.sh BUILD
set -euo pipefail

if [ -z "${LINK_SPACE:-}" ]; then
	space=(unshare --net)
	[ "$(id -u)" -eq 0 ] ||
		space=(unshare --user --net --map-current-user --keep-caps)
	if ! why=$("${space[@]}" ip link set lo up 2>&1); then
		echo "FAILED: no network namespace can be made here: $why" >&2
		exit 1
	fi
	LINK_SPACE=1 exec "${space[@]}" "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/survive_lib.sh
. "$(dirname "$0")/survive_lib.sh"

ip link set lo up
survive_set=('call away 60000')
survive_site "$1" A001 A002

# ---- the workstation's side of the world ----

unshare --net sleep infinity &
far=$!
echo $far >"$site/pid/far"
apart()
{
	[ "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$far/ns/net")" ]
}
eventually 10 apart
far_side=(nsenter --target "$far" --net)
ip link add zx0 type veth peer name zx1 netns "$far"
ip address add 10.9.0.1/24 dev zx0
ip link set zx0 up
"${far_side[@]}" ip link set lo up
"${far_side[@]}" ip address add 10.9.0.2/24 dev zx1
"${far_side[@]}" ip link set zx1 up
site_end sshd
sed -i 's/^ListenAddress.*/&\nListenAddress 10.9.0.1/' "$site/sshd_config"
site_sshd
sed 's/127.0.0.1/10.9.0.1/' "$site/home/known_hosts" >"$site/home/far_hosts"

far_robot() # NAME PERSON ARG ...
{
	local name=$1 person=$2
	shift 2
	site_environ
	(cd "$site" && exec "${far_side[@]}" "${site_front[@]}" zuoxi-robot \
		--server "10.9.0.1:$site_ssh_port" --user "$site_account" \
		--identity "$site/keys/$person" --agent "$person" \
		--known-hosts "$site/home/far_hosts" \
		--speak "$site/wav/tone.wav" "$@" </dev/null \
		>>"$site/log/$name.log" 2>&1) &
	echo $! >"$site/pid/$name"
}

link_down()
{
	cut_us=$(date +%s%6N)
	ip link set zx0 down
}

link_up()
{
	ip link set zx0 up
}

# Each side sends to a neighbour who is not there.
link_swallows()
{
	cut_us=$(date +%s%6N)
	ip neighbour replace 10.9.0.2 lladdr 02:00:00:00:00:99 dev zx0 \
		nud permanent
	"${far_side[@]}" ip neighbour replace 10.9.0.1 \
		lladdr 02:00:00:00:00:99 dev zx1 nud permanent
}

link_delivers()
{
	ip neighbour delete 10.9.0.2 dev zx0
	"${far_side[@]}" ip neighbour delete 10.9.0.1 dev zx1
}

# ---- what is asked ----

away()
{
	site_ctl call list --json |
		jq -e 'any(.items[]; .away and .agent == "A001")'
}

up_times()
{
	said r1 ".what == \"up\" and .times == $1"
}

# since KIND: ms from the cut to the first such fact after it
since()
{
	site_ctl fact list --json | jq --arg kind "$1" --argjson cut "$cut_us" \
		'[.items[] | select(.kind == $kind and .at_us > $cut - 1000) |
		.at_us] | min // empty | (. - $cut) / 1000 | round'
}

# Breaks that the client gave a reason for; others are the office's.
downs()
{
	grep '"what":"down"' "$site/log/r1.log" | grep -vc '"fault":""' || true
}

noticed() # the n-th break
{
	[ "$(downs)" -ge "$1" ]
}

breaks() # CUT HEAL COMMAND ...: for as long as the command takes to succeed
{
	"$1"
	eventually 20 away
	eventually 40 "${@:3}"
	expect 'the call is kept' away
	"$2"
	eventually 60 eval '! away'
	expect 'he has his call again' agent_is A001 talking
	in_time "$(since contact.away)" 2000 comfort
	in_time "$(since contact.back)" 20000 'his call'
}

step 'the link is pulled in a call for a moment: the tunnel outlives it'
far_robot r1 A001 --step
eventually 30 agent_is A001 ready
citizen c1 13800000001 --talk 300000 --patience 300000
eventually 20 agent_is A001 offered
robot_step r1
eventually 20 agent_is A001 talking
breaks link_down link_up true
refuse 'it was not made anew' up_times 2

step 'it is pulled for longer: the tunnel is made anew'
breaks link_down link_up noticed 1
expect 'it was made anew' up_times 2

step 'it swallows every packet of the same call, and nobody is told'
breaks link_swallows link_delivers noticed 2
expect 'it was made anew' up_times 3

step 'it is one call, with one recording'
robot_step r1
eventually 20 agent_is A001 wrapup
robot_step r1
eventually 30 contact_with '.ticket != ""'
eventually 20 agent_is A001 ready
eventually 10 said c1 '.ended_by == "far"'
recordings_whole
expect 'one contact' contact_with '.number == "138****0001" and
	.result == "answered" and .agent == "A001"'
facts_once

step 'an idle workstation notices by its ping, and comes back by itself'
link_swallows
eventually 40 noticed 3
echo "  noticed after $((($(date +%s%6N) - cut_us) / 1000)) ms"
link_delivers
eventually 60 up_times 4
eventually 40 agent_is A001 ready

step 'not back in time: another agent has the call, and its history'
site_set call away 3000
office_dies
site_office
eventually 40 agent_is A001 ready
citizen c2 13800000002 --talk 300000 --patience 300000
eventually 20 agent_is A001 offered
robot_step r1
eventually 20 agent_is A001 talking
citizen c3 13800000003 --talk 300000 --patience 300000
eventually 20 item_is '.number == "138****0003"'
link_down
eventually 20 item_is '.number == "138****0002" and .position == 1 and .head'
robots r2 A002 --talk 5000 --wrapup 300
eventually 60 contact_with '.number == "138****0002" and
	.result == "answered" and .agent == "A002" and .ticket != ""'
link_up
eventually 60 up_times 5
eventually 40 agent_is A002 ready
eventually 40 contact_with '.number == "138****0003" and .answered_us > 0'
contact=$(site_ctl contact list --json |
	jq -r '.items[] | select(.number == "138****0002") | .id')
site_ctl fact list --json >"$site/facts.json"
expect 'one contact with its whole story' jq -e --arg c "$contact" '
	[.items[] | select(.contact == $c) | .kind] |
	(map(select(. == "contact.arrived")) | length) == 1 and
	(map(select(. == "contact.requeued")) | length) == 1 and
	(map(select(. == "contact.answered")) | length) == 2 and
	(map(select(. == "contact.ended")) | length) == 1 and
	(map(select(. == "recording.opened")) | length) == 1' \
	"$site/facts.json"

step 'nothing twice, nothing missing'
nobody_stuck
# Between the agent's last word and the comfort prompt there is silence.
for c in c1 c2; do
	expect "$c was not left in silence" \
		said $c '.seq_gaps == 0 and .max_gap_ms < 2000'
done
recordings_whole
expect 'verify is clean' site_ctl verify
