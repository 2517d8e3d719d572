#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# zuoxid's own life: starts once, keeps what it confirmed through kill -9,
# opens its log anew, ends in order, and looks after the switch.
#
#   office_life.sh BUILD-ROOT
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
test_site "$1"

switch_pid()
{
	cat "$site/run/switch.pid" 2>/dev/null
}

office_pid()
{
	cat "$site/state/zuoxid.lock"
}

alive()
{
	[ -n "${1:-}" ] && kill -0 "$1" 2>/dev/null
}

gone()
{
	! alive "$1"
}

another_switch()
{
	local pid
	pid=$(switch_pid) && [ -n "$pid" ] && [ "$pid" != "$1" ] && alive "$pid"
}

office_answers()
{
	site_ctl status >/dev/null 2>&1
}

step 'a configuration is checked before it is used'
expect 'site init' site_init --sample
expect 'a sample site says so' grep -qx 'sample = yes' "$site_config"
expect 'a good one' site_run zuoxid --config "$site_config" --check
printf '[office]\nworkers = none\n' >"$site/bad.conf"
refuse 'a bad one' site_run zuoxid --config "$site/bad.conf" --check 2>"$site/bad.err"
expect 'the line is named' grep -q 'bad.conf:2: office.workers' "$site/bad.err"
code=0
site_run zuoxid --config "$site_config" rubbish 2>/dev/null || code=$?
expect 'usage is exit 2' [ "$code" -eq 2 ]

step 'it starts, and the switch with it'
site_set log file "$site/log/office.log"
expect 'start' site_office
eventually 10 another_switch none
expect 'every session hears that these are samples' \
	eval 'site_ctl status --json | jq -e ".site.sample == true" >/dev/null'
refuse 'a second on the same state' \
	site_run zuoxid --config "$site_config" 2>"$site/second.err"
expect 'it says who has it' grep -q "another zuoxid (pid $(office_pid))" \
	"$site/second.err"

step 'a start that fails half way leaves in order'
mkdir "$site/other"
[ ${#site_as[@]} -eq 0 ] || chown "$site_uid" "$site/other"
port=$(site_free_port $((24000 + $$ % 40 * 10)))
sed -e '/^state = /d;/^run = /d' -e "s|^\[path\]|[path]\nstate = $site/other\nrun = $site/other/run|" \
	-e "s|^\[office\]|[office]\nhttp_port = $port|" \
	-e "/^\[log\]/,/^\[/{/^file = /d}" "$site_config" >"$site/other.conf"
grep -q http_port "$site/other.conf" ||
	printf '[office]\nhttp_port = %s\n' "$port" >>"$site/other.conf"
site_spawn listener socat "TCP-LISTEN:$port,bind=127.0.0.1,fork" /dev/null
site_wait 5 'a listener' eval "ss -Hltn 'sport = :$port' | grep -q ."
refuse 'the port is taken' site_run env NOTIFY_SOCKET=/nowhere/none \
	zuoxid --config "$site/other.conf" 2>"$site/half.err"
expect 'it says why' grep -q 'zuoxid: door: ' "$site/half.err"
refuse 'nothing was hurt' grep -qE 'Sanitizer|runtime error' "$site/half.err"
site_end listener 5

step 'what was confirmed outlives kill -9'
expect 'a person' site_ctl person add A017 王莹 --roles agent
pid=$(office_pid)
kill -KILL "$pid"
eventually 5 gone "$pid"
expect 'the switch is not touched' alive "$(switch_pid)"
first=$(switch_pid)
expect 'start again' site_office
site_ctl person list | grep -q A017 || fail 'the person is lost'
expect 'the chain holds' site_ctl verify
expect 'the switch is the same' [ "$(switch_pid)" = "$first" ]

step 'HUP opens the log anew'
mv "$site/log/office.log" "$site/log/office.log.1"
kill -HUP "$(office_pid)"
eventually 5 test -s "$site/log/office.log"

step 'a switch that died is started again'
kill -KILL "$first"
eventually 15 another_switch "$first"
expect 'the office did not mind' office_answers

step 'TERM ends it in order, and not the switch'
pid=$(office_pid)
second=$(switch_pid)
kill -TERM "$pid"
eventually 10 gone "$pid"
expect 'its last word' grep -q 'closed' "$site/log/office.log"
expect 'the admin socket is gone' test ! -e "$site/run/admin.sock"
expect 'the switch goes on' alive "$second"

step 'the tables come from the log alone'
rebuilt()
{
	site_run env LANGUAGE=en zuoxid --config "$site_config" --rebuild >"$site/rebuilt" 2>&1
}
expect 'a rebuild' rebuilt
expect 'it gives the same' grep -q ': 0 of ' "$site/rebuilt"
site_run sqlite3 "$site/state/zuoxi.db" "DELETE FROM site_thing"
expect 'a rebuild of what was lost' rebuilt
expect 'it says so' grep -q 'site_thing.*differs: were 0' "$site/rebuilt"
expect 'start on it' site_office
refuse 'a rebuild beside an open office' rebuilt
expect 'the office is named' grep -q 'is open' "$site/rebuilt"
