#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Benchmarks that need a site in a folder.
#   site.sh BUILD rpc                  one line for the socket, one for SSH
#   site.sh BUILD restart [CONTACTS]   zuoxid with a year behind it
#   site.sh BUILD offer [AGENTS]       INVITE to the agent's phone
set -euo pipefail
. "$(dirname "$0")/../integration/lib.sh"

build=$1
test_site "$build" >&2
site_init >/dev/null
cp "$build"/tests/bench/{rpc_roundtrip,restart_probe,offer_latency} \
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

restart()
{
	local contacts=$1 empty full said
	site_office >&2
	site_ctl site fill >/dev/null
	site_end zuoxid
	end_switch
	empty=$(start_ms)
	said=$(site_run zuoxi-year "$site/state/zuoxi.db" "$contacts" 400)
	full=$(start_ms)
	awk -v o="$full" -v b="$empty" -v said="$said" 'BEGIN {
		printf "{\"bench\":\"restart\",\"ours\":%.1f,\"baseline\":%.1f," \
			"\"ratio\":%.3f,\"unit\":\"ms (less is better)\"," \
			"\"note\":\"zuoxid to its first reply to a command, " \
			"median of 5; %s, 400 agents; baseline: an empty " \
			"log\"}\n", o, b, o / b, said }'
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
}

case $2 in
rpc) rpc ;;
restart) restart "${3:-5000}" ;;
offer) offer "${3:-20}" ;;
*) fail "rpc, restart or offer" ;;
esac
