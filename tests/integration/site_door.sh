#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The way in: real sshd, real ssh, zuoxi-gate, zuoxid.
#   site_door.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"

test_site "$1"
site_init >/dev/null
site_start
site_ctl site fill >/dev/null
test_person A001 王莹 agent si=3
test_person A002 陈静 agent si=3

step 'an agent says hello over SSH and is who the key says'
agent_open a A001
agent_hello a
expect 'the office names the person' agent_heard a \
	'.id == 1 and .result.person.id == "A001" and .result.person.name == "王莹"'

step 'nothing but the three purposes is served'
refuse 'a shell' test_ssh A001
refuse 'a command' test_ssh A001 id
refuse 'another purpose' test_ssh A001 rpc2
port=$(site_free_port 23900)
site_spawn forward ssh -F none -T -N -o BatchMode=yes \
	-o "UserKnownHostsFile=$site/home/known_hosts" -i "$site/keys/A001" \
	-L "127.0.0.1:$port:127.0.0.1:$site_ssh_port" \
	-p "$site_ssh_port" "$site_account@127.0.0.1"
eventually 5 eval "ss -Hltn 'sport = :$port' | grep -q ."
banner=$(socat -T 2 - "TCP:127.0.0.1:$port" </dev/null 2>/dev/null || true)
[ -z "$banner" ] || fail "a forward went through: $banner"
site_end forward 2

step 'an unknown key is refused'
ssh-keygen -q -t ed25519 -N '' -f "$site/keys/X"
[ ${#site_as[@]} -eq 0 ] || chown "$site_uid" "$site/keys/X"
refuse 'a stranger' test_ssh X rpc </dev/null

step 'what an agent may not do is refused, and the session goes on'
agent_say a '{"jsonrpc":"2.0","id":2,"method":"person.add","params":{"person":"B1","name":"x","roles":"admin"}}'
eventually 5 agent_heard a '.id == 2 and .error.data.name == "not_allowed"'
agent_say a 'this is no JSON'
agent_say a '{"jsonrpc":"2.0","id":3,"method":"ping"}'
eventually 5 agent_heard a '.id == 3 and .result'

step 'a newer login fences off the older'
agent_open b A001
agent_hello b
eventually 2 agent_heard a '.method == "me.ended" and .params.why == "fenced"'
eventually 2 test -f "$site/a.exit"

step 'a session outlives kill -9 of the office'
kill -KILL "$(site_pid zuoxid)"
site_office
eventually 10 agent_heard b '.method == "restarted"'
agent_say b ''
agent_say b '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"version":1,"client":"test"}}'
agent_say b '{"jsonrpc":"2.0","id":9,"method":"ping"}'
eventually 5 agent_heard b '.id == 9 and .result'

step 'sessions live on without the listener of sshd'
kill -KILL "$(site_pid sshd)"
agent_say b '{"jsonrpc":"2.0","id":10,"method":"ping"}'
eventually 5 agent_heard b '.id == 10 and .result'
site_sshd

step 'a wrong protocol version is told'
agent_open v A002
agent_say v '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"version":99,"client":"test"}}'
eventually 5 agent_heard v '.id == 1 and .error.data.name == "version"'

step 'disabling a person ends the session within a second'
site_ctl person disable A001 >/dev/null
eventually 1 test -f "$site/b.exit"
expect 'the reason is told' agent_heard b \
	'.method == "me.ended" and .params.why == "disabled"'
refuse 'a new login' test_ssh A001 rpc </dev/null
site_ctl person enable A001 >/dev/null
agent_open c A001
agent_hello c

step 'all that was done stands in the facts, and the chain holds'
expect 'verify is clean' site_ctl verify
