# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A whole site in one folder, on loopback, by an ordinary account: what
# scripts/demo and the site tests stand on. Source it, then:
#
#   site_open DIR BUILD     folders, ports, programs (copied to DIR/bin)
#   site_init               configuration, database, host key, prompts
#   site_start              sshd, zuoxid (which starts zuoxi-switch); the first
#                           time, site_ctl site fill gives it its queues
#   site_ctl ARG ...        zuoxictl on this site
#   site_run COMMAND ...    any program as the site's account
#   site_spawn NAME CMD ... the same in the background, pid in DIR/pid/NAME
#   site_key PERSON         makes DIR/keys/PERSON and lets it in
#   site_stop               all that was started, by pid
#
# Root steps down to nobody; sshd then takes its account from a passwd file of
# the site (libnss-wrapper), so that nothing outside the folder changes.

site_uid=65534
site_account=zuoxi

# Stands for "as the site's account".
site_as=()

site_die()
{
	echo "site: $*" >&2
	return 1
}

# Waits until a command succeeds: site_wait SECONDS WHAT COMMAND ...
site_wait()
{
	local until=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		if [ "$SECONDS" -ge "$until" ]; then
			site_die "$what did not happen in time"
			return 1
		fi
		read -rt 0.05 <> <(:) || true
	done
}

# A port that nobody listens on, TCP and UDP, below the ephemeral range.
site_free_port()
{
	local from=$1 p
	for ((p = from; p < from + 2000; p++)); do
		if ! ss -Hltun "sport = :$p" | grep -q .; then
			echo "$p"
			return 0
		fi
	done
	site_die "no free port from $from on"
}

site_open()
{
	site=$1
	site_build=$2
	mkdir -p "$site"
	site=$(cd "$site" && pwd)
	mkdir -p "$site"/{bin,keys,pid,log,home,wav}
	if [ "$(id -u)" -eq 0 ]; then
		site_as=(setpriv "--reuid=$site_uid" "--regid=$site_uid"
			--clear-groups)
		chmod 755 "$site"
	else
		site_uid=$(id -u)
	fi
	local p
	for p in server/zuoxid server/switch/zuoxi-switch \
		server/gate/zuoxi-gate server/ctl/zuoxictl kb/zuoxi-kb \
		agent-tui/zuoxi tests/sim/zuoxi-robot tests/sim/zuoxi-citizen \
		tests/sim/correlate; do
		[ -x "$site_build/$p" ] || continue
		cmp -s "$site_build/$p" "$site/bin/${p##*/}" && continue
		rm -f "$site/bin/${p##*/}"
		cp "$site_build/$p" "$site/bin/${p##*/}"
	done
	if [ -d "$site_build/po" ]; then
		local mo lang
		while read -r mo; do
			lang=${mo%/LC_MESSAGES/*}
			lang=${lang##*/}
			mkdir -p "$site/locale/$lang/LC_MESSAGES"
			cp "$mo" "$site/locale/$lang/LC_MESSAGES/"
		done < <(find "$site_build/po" -name '*.mo')
	fi
	site_config=$site/zuoxi.conf
	[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid:$site_uid" "$site"
}

# The environment of all that runs for the site, as the front of a command.
site_environ()
{
	site_front=(env -i "PATH=$site/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
		"HOME=$site/home" LC_ALL=C.UTF-8 "TERM=${TERM:-dumb}"
		"TEXTDOMAINDIR=$site/locale" "ZUOXI_CONFIG=$site_config"
		"XDG_RUNTIME_DIR=$site/home" "TMPDIR=${TMPDIR:-/tmp}"
		"ASAN_OPTIONS=${ASAN_OPTIONS:-}"
		"UBSAN_OPTIONS=${UBSAN_OPTIONS:-}" ${NO_COLOR:+NO_COLOR=1}
		${COLORTERM:+"COLORTERM=$COLORTERM"} "${site_as[@]}")
}

site_run()
{
	site_environ
	(cd "$site" && exec "${site_front[@]}" "$@")
}

site_ctl()
{
	site_run zuoxictl --config "$site_config" "$@"
}

site_spawn()
{
	local name=$1
	shift
	site_environ
	# exec all the way, so that the pid is the program's own
	(cd "$site" && exec "${site_front[@]}" "$@" </dev/null \
		>>"$site/log/$name.log" 2>&1) &
	echo $! >"$site/pid/$name"
}

site_pid()
{
	cat "$site/pid/$1" 2>/dev/null
}

# Ends what site_spawn started: TERM, after the seconds given KILL.
site_end()
{
	local pid
	pid=$(site_pid "$1") || return 0
	[ -n "$pid" ] || return 0
	kill "$pid" 2>/dev/null || true
	site_wait "${2:-10}" "end of $1" eval "! kill -0 $pid" 2>/dev/null ||
		kill -KILL "$pid" 2>/dev/null || true
	rm -f "$site/pid/$1"
}

# site_init [SITE-INIT-ARG ...]; variables beforehand: site_sip_port,
# site_ssh_port, site_rtp_from (chosen here when unset)
site_init()
{
	: "${site_ssh_port:=$(site_free_port 22400)}"
	: "${site_sip_port:=$(site_free_port 5160)}"
	: "${site_rtp_from:=30000}"
	site_run zuoxictl site init "$site" "$@" || return 1
	site_set sip address 127.0.0.1
	site_set sip port "$site_sip_port"
	site_set rtp ports_from "$site_rtp_from"
	site_set rtp ports_to $((site_rtp_from + 1999))
	site_set path switch "$site/bin/zuoxi-switch"
	site_sshd_init
}

# site_set SECTION KEY VALUE: one key of the configuration
site_set()
{
	local tmp=$site_config.new
	awk -v s="$1" -v k="$2" -v v="$3" '
		function put() { if (!done) print k " = " v; done = 1 }
		/^\[/ { if (in_s) put(); in_s = ($0 == "[" s "]"); if (in_s) seen = 1 }
		in_s && $1 == k && $2 == "=" { put(); next }
		{ print }
		END { if (in_s) put(); else if (!seen) { print "[" s "]"; put() } }
	' "$site_config" >"$tmp"
	cat "$tmp" >"$site_config"
	rm -f "$tmp"
}

site_sshd_init()
{
	[ -f "$site/keys/host" ] ||
		ssh-keygen -q -t ed25519 -N '' -C zuoxi -f "$site/keys/host"
	printf '%s:x:%s:%s:zuoxi:%s/home:/bin/sh\n' "$site_account" \
		"$site_uid" "$site_uid" "$site" >"$site/keys/passwd"
	printf '%s:x:%s:\n' "$site_account" "$site_uid" >"$site/keys/group"
	cat >"$site/sshd_config" <<-CONFIG
		ListenAddress 127.0.0.1
		Port $site_ssh_port
		HostKey $site/keys/host
		PidFile $site/pid/sshd.own
		AuthorizedKeysFile $site/state/authorized_keys
		StrictModes no
		UsePAM no
		UseDNS no
		PermitTTY no
		X11Forwarding no
		AllowTcpForwarding no
		AllowStreamLocalForwarding no
		AllowAgentForwarding no
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		MaxStartups 200:30:600
		MaxSessions 8
		LoginGraceTime 30
		ClientAliveInterval 5
		ClientAliveCountMax 3
		IPQoS ef ef
		SetEnv PATH=$site/bin:/usr/bin:/bin
	CONFIG
	[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid:$site_uid" "$site"
}

site_sshd()
{
	site_spawn sshd env NSS_WRAPPER_PASSWD="$site/keys/passwd" \
		NSS_WRAPPER_GROUP="$site/keys/group" \
		LD_PRELOAD=libnss_wrapper.so \
		/usr/sbin/sshd -D -e -f "$site/sshd_config"
	site_wait 10 "sshd's listening" \
		eval "ss -Hltn 'sport = :$site_ssh_port' | grep -q ."
}

site_office()
{
	local old
	# one that was killed holds its lock until it is really gone
	old=$(site_pid zuoxid) && site_wait 10 "the old office's end" \
		eval "! kill -0 $old" || true
	site_spawn zuoxid zuoxid --config "$site_config"
	site_wait 30 "the office's start" site_ctl status
}

site_start()
{
	site_office && site_sshd
}

site_known_hosts()
{
	printf '[127.0.0.1]:%s %s\n' "$site_ssh_port" \
		"$(cut -d' ' -f1,2 "$site/keys/host.pub")"
}

# A key pair of a person, let in by the office.
site_key()
{
	local f=$site/keys/$1
	[ -f "$f" ] || {
		ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$f"
		[ ${#site_as[@]} -eq 0 ] || chown "$site_uid:$site_uid" "$f" "$f.pub"
	}
	site_ctl key add "$1" "$(cat "$f.pub")"
}

# The switch outlives the office, so it has no pid file of ours: it holds
# its own lock, whose pid it wrote.
site_stop()
{
	local f name
	for f in "$site"/pid/*; do
		[ -f "$f" ] || continue
		name=${f##*/}
		case $name in
		zuoxid | sshd | *.own) continue ;;
		esac
		site_end "$name" 5
	done
	site_end zuoxid 15
	site_end sshd 5
	local pid
	pid=$(cat "$site/run/switch.pid" 2>/dev/null) || return 0
	[ -n "$pid" ] || return 0
	kill "$pid" 2>/dev/null || return 0
	site_wait 10 "the switch's end" eval "! kill -0 $pid" ||
		kill -KILL "$pid" 2>/dev/null || true
}
