#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Benchmarks that need a site in a folder.
#   site.sh BUILD rpc                  one line for the socket, one for SSH
#   site.sh BUILD restart [CONTACTS]   zuoxid with a year behind it
#   site.sh BUILD offer [AGENTS]       INVITE to the agent's phone
#   site.sh BUILD screen [AGENTS]      a key to the workstation's last byte
#   site.sh BUILD tunnel [CLIENTS]     voice over SSH against UDP
set -euo pipefail
. "$(dirname "$0")/../integration/lib.sh"

build=$1
test_site "$build" >&2
site_init >/dev/null
cp "$build"/tests/bench/{rpc_roundtrip,restart_probe,offer_latency} \
	"$build"/tests/bench/{key_to_screen,screen_echo,tunnel_voice} \
	"$build/tests/sim/zuoxi-year" "$site/bin"
socket=$site/run/admin.sock

end_switch()
{
	local pid
	pid=$(cat "$site/run/switch.pid" 2>/dev/null) || return 0
	kill "$pid" 2>/dev/null || true
	site_wait 10 "the switch's end" eval "! kill -0 $pid"
}

rpc()
{
	site_start >&2
	site_ctl site fill >/dev/null
	test_person A001 王莹 agent si=3
	site_known_hosts >"$site/home/known_hosts"
	site_run rpc_roundtrip unix "$socket"
	ssh-keygen -q -t ed25519 -N '' -C echo -f "$site/keys/echo"
	[ ${#site_as[@]} -eq 0 ] || chown "$site_uid" "$site/keys/echo"
	printf 'restrict,command="exec /bin/cat" %s\n' \
		"$(cat "$site/keys/echo.pub")" >"$site/keys/echo_allowed"
	chmod 644 "$site/keys/echo_allowed"
	sed -i "s|^AuthorizedKeysFile .*|& $site/keys/echo_allowed|" \
		"$site/sshd_config"
	site_end sshd 5
	site_sshd
	local ssh="ssh -F none -T -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile=$site/home/known_hosts -p $site_ssh_port $site_account@127.0.0.1"
	site_run rpc_roundtrip ssh "$ssh -i $site/keys/A001 rpc" \
		"$ssh -i $site/keys/echo rpc"
}

# The median of five starts.
start_ms()
{
	for _ in 1 2 3 4 5; do
		site_run restart_probe "$socket" zuoxid --config "$site_config" \
			2>>"$site/log/zuoxid.log"
		end_switch
	done | sort -n | sed -n 3p
}

# The tables from the log alone must be what they were.
rebuild()
{
	site_run env LANGUAGE=en zuoxid --config "$site_config" --rebuild \
		>"$site/log/rebuild.log" || fail "rebuild"
	grep -q ': 0 of ' "$site/log/rebuild.log" ||
		fail "a rebuild gives another state: $(grep differs "$site/log/rebuild.log")"
	tail -n 1 "$site/log/rebuild.log"
}

restart()
{
	local contacts=$1 empty full said anew
	site_office >&2
	site_ctl site fill >/dev/null
	site_end zuoxid
	end_switch
	empty=$(start_ms)
	said=$(site_run zuoxi-year "$site/state/zuoxi.db" "$contacts" 400)
	full=$(start_ms)
	anew=$(rebuild)
	awk -v o="$full" -v b="$empty" -v said="$said" -v anew="$anew" 'BEGIN {
		printf "{\"bench\":\"restart\",\"ours\":%.1f,\"baseline\":%.1f," \
			"\"ratio\":%.3f,\"unit\":\"ms (less is better)\"," \
			"\"note\":\"zuoxid to its first reply to a command, " \
			"median of 5; %s, 400 agents; baseline: an empty " \
			"log; all tables made anew from the log: %s\"}\n",
			o, b, o / b, said, anew }'
}

# agents N: so many, without keys; and a trunk from here
agents()
{
	local i
	site_ctl site fill >/dev/null
	site_ctl calendar import - <<<'hours mon-sun 00:00-24:00' >/dev/null
	site_ctl trunk set t1 --kind peer --host 127.0.0.1 >/dev/null
	for ((i = 1; i <= $1; i++)); do
		site_ctl person add "$(printf 'A%03d' "$i")" "座席$i" \
			--roles agent --skills si=3 >/dev/null
	done
}

offer()
{
	"$test_root/scripts/prompts" "$site/prompts" >/dev/null
	site_office >&2
	agents "$1"
	site_run offer_latency "$site" "$site_sip_port" "$1"
	site_ctl verify >"$site/log/verify.log" ||
		fail "verify: $(cat "$site/log/verify.log")"
	site_end zuoxid
	rebuild >/dev/null
}

# Sample site and tongue of the pictures; callers who gave up fill the list.
screen()
{
	"$test_root/scripts/prompts" "$site/prompts" >/dev/null
	"$test_root/scripts/lib/speak" "$site/wav/c.wav" '您好，我想问一下生育津贴多久能到账。'
	[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid:$site_uid" "$site"
	site_run zuoxi-year "$site/state/zuoxi.db" 1 "$1" >/dev/null
	site_start >&2
	agents 1
	site_key A001 >/dev/null
	site_known_hosts >"$site/home/known_hosts"
	local call="exec $site/bin/zuoxi-citizen --to sip:88001001@127.0.0.1:$site_sip_port --speak $site/wav/c.wav"
	site_run sh -c "$call --from '1380000%04d' --count 12 --rate 900 --patience 2500" >"$site/log/missed.log"
	TERM=xterm-256color "$build/tests/bench/key_to_screen" "$site" "$1" \
		"exec '$test_root/scripts/lib/workstation' '$site' A001 --ready" \
		"$call --from 13811112222 --talk 120000 >/dev/null" \
		"exec '$build/tests/bench/screen_echo'"
}

# The office lets one key in and goes; the bench's echo takes the switch's
# place on the gate's socket.
tunnel()
{
	site_start >&2
	site_ctl site fill >/dev/null
	test_person A001 王莹 agent si=3
	site_known_hosts >"$site/home/known_hosts"
	site_end zuoxid
	end_switch
	site_run tunnel_voice "$site" "$site_ssh_port" "$site_account" \
		"$site/keys/A001" "$site/home/known_hosts" \
		"$(site_pid sshd)" "$1"
}

case $2 in
rpc) rpc ;;
restart) restart "${3:-5000}" ;;
offer) offer "${3:-20}" ;;
screen) screen "${3:-400}" ;;
tunnel) tunnel "${3:-40}" ;;
*) fail "rpc, restart, offer, screen or tunnel" ;;
esac
