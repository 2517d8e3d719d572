# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the tests of zuoxi-switch share: a switch in a folder of its own on
# loopback, an office that types JSON into its socket, peers made by SIPp.
#
#   . switch_lib.sh; sw_open BUILD-ROOT; sw_start
#   office_open; office METHOD PARAMS     a command; the reply is waited for
#   heard SECONDS JQ-FILTER               an event that matches .params
#   peer NAME SCENARIO [sipp option ...]  in the background; peer_ok NAME

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scenarios=$here/../sim/sipp
export LC_ALL=C.UTF-8

step()
{
	sw_step=$1
	echo "- $1"
}

fail()
{
	echo "FAILED: ${sw_step:-start}: $*" >&2
	exit 1
}

expect()
{
	local why=$1
	shift
	"$@" || fail "$why"
}

# within SECONDS COMMAND ...
within()
{
	local i n=$(($1 * 20))
	shift
	for ((i = 0; i < n; i++)); do
		"$@" && return 0
		sleep 0.05
	done
	return 1
}

free_port()
{
	local p
	for _ in {1..200}; do
		p=$((20000 + RANDOM % 12000))
		[ -z "$(ss -Hlntu "sport = :$p or sport = :$((p + 1))")" ] || continue
		echo "$p"
		return
	done
	exit 1
}

sw_end()
{
	local code=$? p
	trap - EXIT
	for p in ${peers_pids[@]+"${peers_pids[@]}"} "${office_pid:-}" "${sw_pid:-}"; do
		[ -z "$p" ] || kill "$p" 2>/dev/null || true
	done
	[ -z "${sw_pid:-}" ] || wait "$sw_pid" 2>/dev/null || true
	if grep -qE 'ERROR: (Address|Leak)Sanitizer|runtime error' "$dir"/*.log 2>/dev/null; then
		echo 'FAILED: a sanitizer found something' >&2
		code=1
	fi
	if [ $code -ne 0 ]; then
		tail -n 60 "$dir"/*.log "$dir"/*.err "$dir"/office.out >&2 2>/dev/null
	fi
	[ -n "${TEST_KEEP:-}" ] || rm -rf "$dir"
	exit $code
}

# sw_open BUILD [line of the config ...]
sw_open()
{
	build=$1
	shift
	dir=$(mktemp -d "${TMPDIR:-/tmp}/zuoxi-switch.XXXXXX")
	trap sw_end EXIT
	sip_port=$(free_port)
	peers_pids=()
	office_id=1
	mkdir -p "$dir"/{prompts,state,run,rec}
	local rtp=$((32000 + RANDOM % 200 * 100))
	cat >"$dir/z.conf" <<-CONF
	[path]
	state = $dir/state
	run = $dir/run
	recordings = $dir/rec
	prompts = $dir/prompts
	[rtp]
	ports_from = $rtp
	ports_to = $((rtp + 99))
	timeout = ${rtp_timeout:-30}
	[log]
	level = debug
	[sip]
	address = 127.0.0.1
	port = $sip_port
	CONF
	printf '%s\n' "$@" >>"$dir/z.conf"
	export ZUOXI_CONFIG=$dir/z.conf
	sox -n -r 8000 -c 1 -b 16 "$dir/prompts/notice.wav" synth 0.5 sine 400
	sox -n -r 8000 -c 1 -b 16 "$dir/prompts/music.wav" synth 5 sine 300
	sox -n -r 8000 -c 1 -b 16 "$dir/prompts/closed.wav" synth 0.3 sine 500
}

sw_start()
{
	"$build/server/switch/zuoxi-switch" 2>>"$dir/switch.log" &
	sw_pid=$!
	within 10 test -S "$dir/run/gate/switch.sock" || fail 'the switch does not start'
}

sw_kill()
{
	local code=0
	kill "-$1" "$sw_pid"
	wait "$sw_pid" 2>/dev/null || code=$?
	sw_pid=
	[ "$1" != TERM ] || [ $code -eq 0 ] || fail "the switch ended with $code"
}

# ---- the office ----

# office_open [JSON object of what was seen before]
office_open()
{
	rm -f "$dir/office.in"
	mkfifo "$dir/office.in"
	: >"$dir/office.out"
	socat - "UNIX:$dir/run/switch.sock" <"$dir/office.in" >>"$dir/office.out" 2>"$dir/office.err" &
	office_pid=$!
	exec 7>"$dir/office.in"
	office hello "{\"version\":1,\"after\":${1:-{\}}}"
}

office_close()
{
	exec 7>&-
	wait "$office_pid" 2>/dev/null || true
	office_pid=
}

replied()
{
	jq -ne "any(inputs; .id == $1)" "$dir/office.out" >/dev/null 2>&1
}

# office METHOD PARAMS: fails when the command is refused; $reply has it all
office()
{
	((office_id++))
	printf '{"jsonrpc":"2.0","id":%d,"method":"%s","params":%s}\n' "$office_id" "$1" "${2//[$'\n\t']/}" >&7
	within 5 replied $office_id || fail "no reply to $1"
	reply=$(jq -c "select(.id == $office_id)" "$dir/office.out")
	[[ $reply == *'"result"'* ]]
}

event_seen()
{
	jq -ne "any(inputs; .method == \"event\" and (.params | $1))" "$dir/office.out" >/dev/null 2>&1
}

heard()
{
	within "$1" event_seen "$2" || fail "no event $2"
}

not_heard()
{
	! event_seen "$1" || fail "an event $1"
}

# The newest leg that arrived
arrived()
{
	jq -r 'select(.method == "event") | .params | select(.kind == "leg.arrived") | .leg' "$dir/office.out" | tail -n 1
}

arrivals()
{
	[ "$(jq -r 'select(.method == "event") | .params | select(.kind == "leg.arrived") | .leg' "$dir/office.out" | wc -l)" -ge "$1" ]
}

# next_call: waits for one more arrival, leaves its leg in $leg
next_call()
{
	calls=$((${calls:-0} + 1))
	within 5 arrivals "$calls" || fail 'no call arrived'
	leg=$(arrived)
}

ended()
{
	heard "$1" ".kind == \"leg.ended\" and .leg == \"$2\" and .cause == \"$3\""
}

# ---- peers ----

# peer NAME SCENARIO [option ...]
peer()
{
	local name=$1 scenario=$2
	shift 2
	[ -f "$scenario" ] || scenario=$scenarios/$scenario.xml
	(
		exec 7>&- # or the office would never see its end
		cd "$dir"
		sipp -sf "$scenario" -i 127.0.0.1 -m 1 -nostdin -timeout 30 \
			-trace_err -error_file "$dir/$name.err" "$@" >"$dir/$name.sipp" 2>&1
	) &
	printf -v "peer_$name" %s $!
	peers_pids+=($!)
}

peer_ok()
{
	local v=peer_$1
	wait "${!v}" || fail "${2:-peer $1 went another way}"
}

# code_scenario CODE [extra header]: a caller that expects this refusal
code_scenario()
{
	sed "s/@CODE@/$1/g; s|@HEADER@|${2:-}|" "$scenarios/${3:-uac_code}.xml" >"$dir/code_$1.xml"
	echo "$dir/code_$1.xml"
}

trunk_config()
{
	printf '{"config":{"trunks":[{"id":"t1","kind":"peer","host":"127.0.0.1","port":%d,"numbers":["12333"]}]%s}}' "$peer_port" "${1:-}"
}
