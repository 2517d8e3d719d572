#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The way in, and what breaks on it: each failure says what happened and what
# to do; a call goes on over a broken tunnel, a killed office, a killed client.
#   site_link.sh BUILD
. "$(dirname "$0")/site_lib.sh"
tui_site "$1"
site_known_hosts >"$site/home/known_hosts"
good_port=$site_ssh_port

leave() {
	keys :
	text '签退'
	keys Enter
	wait_text 'ended 0'
	tmux_ kill-session -t "$tui_pane"
}

step 'a refused key: what to ask for; leaving works'
ssh-keygen -q -t ed25519 -N '' -C A002 -f "$site/keys/A002"
[ ${#site_as[@]} -eq 0 ] || chown "$site_uid" "$site/keys/A002"
station refused A002 80 24
wait_text '服务器不接受您的密钥'
wait_text 'zuoxictl key add'
shot link-refused
leave

step 'a dead server'
station dead A001 80 24 --server "127.0.0.1:$(site_free_port 21000)"
wait_text '服务器没有应答'
leave

step 'another host key than before'
ssh-keygen -q -t ed25519 -N '' -f "$site/keys/other"
sed "s/^\(\S*\) .*/\1 $(cut -d' ' -f1,2 "$site/keys/other.pub" |
	sed 's/[\/&]/\\&/g')/" "$site/home/known_hosts" \
	>"$site/home/known_other"
station changed A001 80 24 --known-hosts "$site/home/known_other"
wait_text '服务器的主机密钥变了'
shot link-changed
leave

step 'a server of another version'
port=$(site_free_port 21100)
cat >"$site/bin/other-version" <<'END'
#!/bin/sh
# refuses whoever says hello; the other channels stay open and silent
[ "$SSH_ORIGINAL_COMMAND" = rpc ] || exec sleep 60
while read -r line; do
	id=$(expr "$line" : '.*"id": *\([0-9]*\)') || continue
	printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32008,"message":"Another version","data":{"detail":"2"}}}\n' "$id"
done
END
chmod 755 "$site/bin/other-version"
sed "s/^Port .*/Port $port/; s/sshd.own/other.own/
	\$ a ForceCommand $site/bin/other-version" \
	"$site/sshd_config" >"$site/other_config"
site_spawn other env NSS_WRAPPER_PASSWD="$site/keys/passwd" \
	NSS_WRAPPER_GROUP="$site/keys/group" LD_PRELOAD=libnss_wrapper.so \
	/usr/sbin/sshd -D -e -f "$site/other_config"
eventually 10 eval "ss -Hltn 'sport = :$port' | grep -q ."
sed "s/:$good_port/:$port/" "$site/home/known_hosts" \
	>"$site/home/known_version"
station version A001 80 24 --server "127.0.0.1:$port" \
	--known-hosts "$site/home/known_version"
wait_text '服务端版本不同'
wait_text '请安装与服务端配套的工作站程序'
shot link-version
leave

step 'in a call the tunnel breaks: said at once, back by itself'
station desk A001 80 24 --ready
wait_row 1 '●就绪'
citizen c1 13800001234 --talk 300000
wait_row 3 '◇◇ 来电'
keys F2
wait_row 1 '◆通话'
wait_row 3 '●录'
keys F3
wait_text '[表单]'
keys Tab Tab
text '市民问津贴'
wait_text '市民问津贴'
wait_text '草稿已存'
contact=$(site_ctl contact list --json | jq -r '.items[0].id')
# sshd's two processes of the connection; the daemon accepts none meanwhile
kill -STOP "$(site_pid sshd)"
monitor=$(pgrep -P "$(site_pid sshd)")
# shellcheck disable=SC2046,SC2086
kill -KILL $(pgrep -P "$monitor") $monitor
wait_row 3 '!! 断线'
wait_row 3 '市民听到安抚音'
shot link-lost
text '多久'
wait_text '市民问津贴多久'
kill -CONT "$(site_pid sshd)"
wait_row 3 '◆通话'
wait_row 3 '138****1234'
wait_text '市民问津贴多久'
wait_row 3 '民▇'

step 'the office is killed: nothing is lost'
kill -KILL "$(site_pid zuoxid)"
wait "$(site_pid zuoxid)" 2>/dev/null
site_office || fail 'no office'
eventually 20 agent_is A001 talking
wait_row 1 '◆通话'
text '到账'
wait_text '市民问津贴多久到账'
[ "$(site_ctl contact list --json | jq -r '.items[0].id')" = "$contact" ] ||
	fail 'another contact'

step 'its softphone is killed: a second of silence, and no leg changes'
client=$(pgrep -f "^zuoxi --server 127.0.0.1:$good_port ")
phone=$(pgrep -P "$client" -x baresip) || fail 'no softphone'
told() { # what the call's legs did until now
	site_ctl fact list --json | jq '[.items[] |
		select(.kind | test("^(contact|leg|offer)\\."))] | length'
}
before=$(told)
kill -KILL "$phone"
new_phone() {
	local now
	now=$(pgrep -P "$client" -x baresip) && [ "$now" != "$phone" ]
}
tui_until 'a new softphone' new_phone
wait_row 1 '◆通话'
wait_row 3 '民▇'
text '，谢谢'
wait_text '市民问津贴多久到账，谢谢'
[ "$(told)" = "$before" ] || fail 'the call has noticed'

step 'the client is killed: usable terminal, a new one finds call and words'
tui_until 'saved' has_text '草稿已存'
kill -KILL "$client"
wait_text 'ended 137'
tmux_ kill-session -t desk
station desk A001 80 24
wait_row 1 '◆通话'
wait_row 3 '138****1234'
wait_row 3 '民▇'
keys F3
wait_text '市民问津贴多久到账，谢谢'
shot link-again

step 'a disabled person is off within a second'
site_ctl person disable A001 >/dev/null || fail disable
wait_text '您的账号已停用'
wait_row 3 '原因见下'
shot link-disabled
leave
