#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The workstation's tunnel against a private sshd of this account.
#   tunnel.sh BUILD
set -euo pipefail
build=$(cd "$1" && pwd)
dir=$(mktemp -d /tmp/zuoxi-test-XXXXXX)
sshd='' agent=''
trap '[ -z "$sshd" ] || kill $sshd $agent 2>/dev/null; rm -rf "$dir"' EXIT
[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd

for k in host other_host key stranger locked locked_stranger no_gate; do
	pass=
	[[ $k != locked* ]] || pass=sesame
	ssh-keygen -q -t ed25519 -N "$pass" -C "$k" -f "$dir/$k"
done
# apart from the site tests and from another of this one
port=$((26600 + $$ % 300 * 10))
while ss -Hltn "sport = :$port" | grep -q .; do port=$((port + 1)); done
printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d' ' -f1,2 "$dir/other_host.pub")" \
	>"$dir/changed_hosts"
me="restrict,command=\"exec $build/tests/integration/tunnel_test serve $dir\""
{
	echo "$me $(cat "$dir/key.pub")"
	echo "$me $(cat "$dir/locked.pub")"
	echo "restrict,command=\"exec zuoxi-gate-that-is-not-there\" $(cat "$dir/no_gate.pub")"
} >"$dir/authorized"
cat >"$dir/config" <<-CONFIG
	ListenAddress 127.0.0.1
	Port $port
	HostKey $dir/host
	PidFile none
	AuthorizedKeysFile $dir/authorized
	StrictModes no
	UsePAM no
	UseDNS no
	PermitRootLogin prohibit-password
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	MaxStartups 200:30:600
	IPQoS ef ef
CONFIG
/usr/sbin/sshd -D -e -f "$dir/config" 2>"$dir/log" &
sshd=$!
for ((i = 0; i < 200; i++)); do
	ss -Hltn "sport = :$port" | grep -q . && break
	read -rt 0.05 <> <(:) || true
done
export TEST_USER TEST_AGENT=$dir/agent SSH_AUTH_SOCK=
ssh-agent -D -a "$TEST_AGENT" >/dev/null &
agent=$!
for ((i = 0; i < 200; i++)); do
	[ ! -S "$TEST_AGENT" ] || break
	read -rt 0.05 <> <(:) || true
done
SSH_AUTH_SOCK=$TEST_AGENT ssh-add -q "$dir/key"
TEST_USER=$(id -un)
export HOME=$dir XDG_CONFIG_HOME=$dir XDG_DATA_HOME=$dir
"$build/tests/integration/tunnel_test" "$dir" "$port" || {
	tail -30 "$dir/log" >&2
	exit 1
}
