#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docs/operations.md, done as it stands there: the commands of its blocks run
# word for word on a copy of this machine (an overlay in namespaces of its
# own, with a network of its own), so that nothing outside changes. Only meson
# (the build that is there is installed) and systemctl stand in; the latter
# starts the units as they say: account, environment, writable folders.
#   install.sh BUILD
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
docs=$root/docs/operations.md

skip()
{
	echo "skipped: $*"
	exit 77
}

if [ "${2:-}" != --inside ]; then
	[ "$(id -u)" -eq 0 ] || skip 'only root can make a machine of its own'
	unshare -m -n -p -f true 2>/dev/null || skip 'no namespaces here'
	dir=$(mktemp -d "${TMPDIR:-/tmp}/zuoxi-test.XXXXXX")
	trap 'rmdir "$dir"' EXIT
	trap 'exit 130' INT TERM
	code=0
	unshare -m -n -p -f --kill-child "$0" "$build" --inside "$dir" || code=$?
	exit $code
fi

# ---- the copy of the machine ----

if [ -n "${3:-}" ]; then
	mount -t tmpfs tmpfs "$3"
	cd "$3"
	mkdir up work new
	mount -t overlay overlay \
		-o "lowerdir=/,upperdir=$3/up,workdir=$3/work" new ||
		skip 'no overlay here'
	mount --rbind /dev new/dev
	mount -t proc proc new/proc
	mount -t tmpfs tmpfs new/run
	mkdir new/run/sshd
	mount --rbind /sys new/sys
	for d in "$root" "$build"; do
		[ -f "new$d/meson.build" ] || [ -f "new$d/build.ninja" ] || {
			mkdir -p "new$d"
			mount --bind "$d" "new$d"
		}
	done
	ip link set lo up
	# pivot_root, not chroot: sshd and setpriv are to see a machine
	mkdir new/old
	cd new
	pivot_root . old
	exec chroot . "$root/tests/integration/install.sh" "$build" --inside
fi
umount -l /old
rmdir /old
exec </dev/null

step()
{
	test_step=$1
	echo "- $1"
}

fail()
{
	echo "FAILED: ${test_step:-start}: $*" >&2
	exit 1
}

refuse()
{
	local why=$1
	shift
	! "$@" >/dev/null 2>&1 || fail "$why: $* was not refused"
}

eventually()
{
	local until=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$until" ] || fail "not in time: $*"
		read -rt 0.1 <> <(:) || true
	done
}

log=/var/log/zuoxi-test
mkdir -p $log
on_exit()
{
	local code=$?
	[ $code -eq 0 ] || tail -n 30 $log/* >&2
}
trap on_exit EXIT
export LC_ALL=C.UTF-8 root build log
unset ZUOXI_CONFIG

# block SECTION N: the Nth block of commands of a section
block()
{
	local text
	text=$(awk -v section="## $1. " -v want="$2" '
		/^## / { in_it = index($0, section) == 1; n = 0; open = 0 }
		!in_it { next }
		/^    / {
			if (!open) { n++; open = 1; blank = "" }
			if (n == want) print blank substr($0, 5)
			blank = ""
			next
		}
		/^$/ { if (open) blank = blank "\n"; next }
		{ open = 0 }' "$docs")
	[ -n "$text" ] || fail "operations.md has no block $2 in section $1"
	printf '%s\n' "$text"
}

# run TEXT: as somebody types it who stops at the first fault
run()
{
	PATH=$shims:$PATH bash -euo pipefail -c "$1" >>$log/commands 2>&1 ||
		fail "$(tail -n 5 $log/commands)"
}

# ---- what stands in for meson and for systemd ----

shims=/root/shims
mkdir -p $shims
cat >$shims/meson <<'SHIM'
#!/bin/bash
set -euo pipefail
[ "$1" = install ] || exit 0
prefix=$(/usr/bin/meson introspect --buildoptions "$build" |
	jq -r '.[] | select(.name == "prefix") | .value')
DESTDIR=/root/stage /usr/bin/meson install -C "$build" --no-rebuild
cp -a "/root/stage$prefix/." /usr/
SHIM
printf '#!/bin/sh\n' >$shims/ninja

# start UNIT as its file says; what systemd would do is done here
cat >$shims/unit-run <<'SHIM'
#!/bin/bash
set -eu
unit=/usr/lib/systemd/system/$1.service
name=$1
get() { cat "$unit" "/etc/systemd/system/$name.service.d"/*.conf 2>/dev/null | sed -n "s/^$1=//p"; }
uid=$(get User) gid=$(get Group)
state=/var/lib/$(get StateDirectory)
install -d -m "$(get StateDirectoryMode)" -o "$uid" -g "$gid" "$state"
writable=("$state")
for d in $(get ReadWritePaths); do
	[ ! -d "${d#-}" ] || writable+=("${d#-}")
done
[ "$(get ProtectSystem)" = strict ]
for d in "${writable[@]}"; do mount --bind "$d" "$d"; done
is_writable()
{
	local d
	for d in "${writable[@]}"; do [ "$1" != "$d" ] || return 0; done
	case $1 in /dev* | /proc* | /sys*) return 0 ;; esac
	return 1
}
while read -r _ _ _ _ at _; do
	is_writable "$at" || mount -o remount,bind,ro "$at"
done </proc/self/mountinfo
mount -t tmpfs -o mode=1777 tmpfs /tmp
for d in /home /root; do mount -t tmpfs -o ro,mode=0 tmpfs $d; done
umask "$(get UMask)"
ulimit -n "$(get LimitNOFILE)" 2>/dev/null || true # as far as we may
ulimit -c "$(get LimitCORE)"
cd /
as=(setpriv "--reuid=$uid" "--regid=$gid" --init-groups --no-new-privs
	--inh-caps=-all --bounding-set=-all
	env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	"HOME=$(getent passwd "$uid" | cut -d: -f6)" "USER=$uid" "LOGNAME=$uid"
	"ASAN_OPTIONS=${ASAN_OPTIONS:-}" "UBSAN_OPTIONS=${UBSAN_OPTIONS:-}"
	${NOTIFY_SOCKET:+"NOTIFY_SOCKET=$NOTIFY_SOCKET"})
read -ra before <<<"$(get ExecStartPre)"
[ ${#before[@]} -eq 0 ] || "${as[@]}" "${before[@]}"
read -ra main <<<"$(get ExecStart)"
exec "${as[@]}" "${main[@]}"
SHIM

cat >$shims/systemctl <<'SHIM'
#!/bin/bash
set -euo pipefail
verb=$1
shift
[ "${1:-}" != --now ] || shift
alive() { pid=$(cat "/run/$1.pid" 2>/dev/null) && [ -e "/proc/$pid" ]; }
start()
{
	alive "$1" && return
	local notify=
	if grep -q '^Type=notify' "/usr/lib/systemd/system/$1.service"; then
		notify=/run/$1.notify
		rm -f "$notify" "$notify.said"
		: >"$notify.said"
		socat -u "UNIX-RECV:$notify,mode=777" STDOUT >>"$notify.said" 2>/dev/null &
		until [ -S "$notify" ]; do read -rt 0.05 <> <(:) || true; done
	fi
	NOTIFY_SOCKET=$notify setsid unshare -m --propagation private \
		unit-run "$1" >>"$log/$1" 2>&1 &
	echo $! >"/run/$1.pid"
	local until=$((SECONDS + 60))
	while [ -n "$notify" ] && ! grep -q READY=1 "$notify.said"; do
		if ! alive "$1" || [ "$SECONDS" -ge "$until" ]; then
			echo "$1.service failed: $(tail -n 3 "$log/$1")" >&2
			exit 1
		fi
		read -rt 0.05 <> <(:) || true
	done
}
stop()
{
	alive "$1" || return 0
	kill "$pid"
	until ! alive "$1"; do read -rt 0.05 <> <(:) || true; done
}
case $verb in
daemon-reload) ;;
enable)
	for u in "$@"; do
		grep -q '^WantedBy=' "/usr/lib/systemd/system/$u.service"
		start "$u"
	done
	;;
start) for u in "$@"; do start "$u"; done ;;
stop) for u in "$@"; do stop "$u"; done ;;
restart) for u in "$@"; do stop "$u" && start "$u"; done ;;
*) echo "systemctl $verb?" >&2 && exit 1 ;;
esac
SHIM
chmod 755 $shims/*
systemctl()
{
	PATH=$shims:$PATH $shims/systemctl "$@"
}

# setting KEY VALUE: as an editor would, in place
setting()
{
	sed -i "s|^#*$1 = .*|$1 = $2|" /var/lib/zuoxi/zuoxi.conf
	grep -q "^$1 = $2\$" /etc/zuoxi/zuoxi.conf || fail "no key $1 to set"
}

agent_is()
{
	zuoxictl agent list --json |
		jq -e --arg s "$1" '.items[] | select(.id == "A017" and .state == $s)'
}

# ---- 1 ----

step 'section 1: programs, the account, a site'
cd "$root"
run "$(block 1 1)"
for p in zuoxid zuoxi-switch zuoxi-gate zuoxictl zuoxi zuoxi-kb; do
	[ "$(command -v $p)" = "/usr/bin/$p" ] || fail "$p is not in /usr/bin"
	man -w $p >/dev/null || fail "$p has no man page"
done
man -w zuoxi.conf >/dev/null || fail 'zuoxi.conf has no man page'
zuoxid --config /etc/zuoxi/zuoxi.conf --check >>$log/commands
setting address 0.0.0.0
refuse 'an address that is none' zuoxid --config /etc/zuoxi/zuoxi.conf --check
setting address 127.0.0.1
zuoxid --config /etc/zuoxi/zuoxi.conf --check >>$log/commands

step 'the units are ones that systemd takes, and shut tight'
for u in zuoxid zuoxi-switch; do
	said=$(systemd-analyze verify --man=no /usr/lib/systemd/system/$u.service 2>&1) ||
		fail "$u: $said"
	[ -z "$said" ] || fail "$u: $said"
	systemd-analyze security --offline=true --threshold=25 \
		/usr/lib/systemd/system/$u.service >$log/security.$u 2>&1 ||
		fail "$u: $(tail -n 1 $log/security.$u)"
	rm $log/security.$u
done

# ---- 2 ----

step 'a folder of names that others can reach is refused, and named'
chmod 770 /var/lib/zuoxi/run/gate
refuse 'an open folder' systemctl start zuoxid
grep -q 'run/gate.*0700' $log/zuoxid || fail "no word of the folder: $(tail -n 2 $log/zuoxid)"
chmod 700 /var/lib/zuoxi/run/gate

step 'section 2: services'
run "$(block 2 1)"
[ "$(stat -c %U /var/lib/zuoxi/run/admin.sock)" = zuoxi ] || fail 'not of the account'

# ---- 3 ----

step 'section 3: people and their keys'
mkdir -p /root/admin ~/.config/zuoxi
cd /root/admin
ssh-keygen -q -t ed25519 -N '' -f ~/.config/zuoxi/id_ed25519
ssh-keygen -q -t ed25519 -N '' -f stranger
cp ~/.config/zuoxi/id_ed25519.pub a017.pub
run "$(block 3 1)"
file=$(block 3 2 | sed -n '1s/^# //p')
block 3 2 >"$file"
/usr/sbin/sshd -t >>$log/commands 2>&1 || fail "sshd: $(cat $log/commands)"
/usr/sbin/sshd -D -e >>$log/sshd 2>&1 &
eventually 20 eval "ss -Hltn 'sport = :22' | grep -q ."
echo "127.0.0.1 $(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)" >known
as_key()
{
	local key=$1
	shift
	timeout 20 ssh -F none -T -o BatchMode=yes -o UserKnownHostsFile=known \
		-o IdentitiesOnly=yes -i "$key" zuoxi@127.0.0.1 "$@"
}
hello='{"jsonrpc":"2.0","id":1,"method":"hello","params":{"version":1,"client":"test"}}'
says_hello()
{
	as_key ~/.config/zuoxi/id_ed25519 rpc <<<"$hello" 2>>$log/ssh |
		jq -ne 'any(inputs; .result.person.id == "A017")'
}
eventually 20 says_hello
refuse 'a key that nobody has' as_key stranger rpc
refuse 'a shell' as_key ~/.config/zuoxi/id_ed25519 id

# ---- 4, 5 ----

step 'sections 4 and 5: prompts, the trunk, the calendar'
cd "$root"
run "$(block 4 2)"
zuoxictl trunk set t1 --kind peer --host 127.0.0.1 >/dev/null
cd /root/admin
printf '#!/bin/sh\nsed -i "/^hours/d" "$1"; echo "hours mon-sun 00:00-24:00" >>"$1"\n' \
	>$shims/editor
chmod 755 $shims/editor
EDITOR=editor run "$(block 5 1)"

step 'an agent signs in and takes a call, which is recorded'
"$root/scripts/lib/speak" c.wav '您好，我想问一下生育津贴。'
"$build/tests/sim/zuoxi-robot" --server 127.0.0.1:22 --user zuoxi \
	--identity ~/.config/zuoxi/id_ed25519 --known-hosts known --agent A017 \
	--speak c.wav --talk 3000 --wrapup 300 >$log/robot 2>&1 &
robot=$!
eventually 30 agent_is ready
number=$(zuoxictl queue list --json |
	jq -r '.items[] | select(.id == "si") | .number' | cut -d, -f1)
"$build/tests/sim/zuoxi-citizen" --to "sip:$number@127.0.0.1:5060" \
	--from 13800000001 --speak c.wav --talk 6000 --patience 30000 \
	>$log/citizen 2>&1 &
filed()
{
	zuoxictl contact list --json |
		jq -e '.items[] | select(.result == "answered" and .ticket != "")'
}
eventually 60 filed
path=$(zuoxictl recording list --json | jq -r '.items[0].path')
[ -s "/var/lib/zuoxi/recordings/$path" ] || fail 'no recording'

step 'section 8: an upgrade of the office ends no session'
run "$(sed -n '/^## 8/,/^## 9/s/.*`\(systemctl restart zuoxid\)`.*/\1/p' "$docs")"
eventually 30 agent_is ready
kill $robot

step 'a recording elsewhere needs the line that section 2 gives'
install -d -o zuoxi -g zuoxi -m 700 /srv/recordings
setting recordings /srv/recordings
folder_alarm()
{
	zuoxictl alarm list --json |
		jq -e '.items[] | select(.id == "folder:recordings")'
}
no_folder_alarm()
{
	zuoxictl alarm list --json | jq -e '.items | all(.id != "folder:recordings")'
}
systemctl restart zuoxi-switch zuoxid
eventually 30 folder_alarm
systemctl stop zuoxid zuoxi-switch
for u in zuoxid zuoxi-switch; do
	mkdir -p /etc/systemd/system/$u.service.d
	block 2 2 >/etc/systemd/system/$u.service.d/override.conf
done
systemctl start zuoxi-switch zuoxid
eventually 30 no_folder_alarm
rm -r /etc/systemd/system/zuoxi*.service.d
systemctl stop zuoxid zuoxi-switch
setting recordings recordings
systemctl start zuoxi-switch zuoxid

# ---- 7 ----

step 'section 7: a backup, and all of it on another machine'
people=$(zuoxictl person list --json | jq -S .items)
run "$(block 7 1)"
systemctl stop zuoxid zuoxi-switch
backup=$(ls /var/backups/zuoxi)
refuse 'a restore over a site' runuser -u zuoxi -- \
	zuoxictl restore "/var/backups/zuoxi/$backup"
mv /var/lib/zuoxi /var/lib/zuoxi.old
install -d -o zuoxi -g zuoxi /var/lib/zuoxi
run "$(block 7 2 | sed "s/20[0-9]*-[0-9]*-[0-9]*/$backup/")"
[ "$people" = "$(zuoxictl person list --json | jq -S .items)" ] ||
	fail 'people differ after the restore'
cmp "/var/lib/zuoxi/recordings/$path" "/var/lib/zuoxi.old/recordings/$path" ||
	fail 'the recording differs after the restore'
eventually 20 says_hello
