# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The real workstation in a real terminal on a real site: what lib.sh gives
# for the screens, on top of a site with sshd, office, exchange and citizens.
#
#   tui_site BUILD            site with queues, knowledge and an open office
#   station NAME PERSON COLS ROWS [OPTION ...]   a workstation in a terminal
#   on NAME                   keys and waits mean this terminal from now on
#   citizen NAME FROM [ARG ...]   one who calls the queue "si"
#   agent_is PERSON STATE, contact_with JQ, fact_with JQ, facts_have_words
tui_here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tests/tui/lib.sh
. "$tui_here/lib.sh"
# shellcheck source=tests/integration/lib.sh
. "$tui_here/../integration/lib.sh"

tui_limit=${TUI_LIMIT:-150}
tui_pane=none

tmux_() {
	command tmux -S "$tui_socket" -f /dev/null "$@"
}

fail() {
	echo "FAILED: ${test_step:-start}: $*" >&2
	echo "--- screen of $tui_pane" >&2
	screen >&2 2>/dev/null
	exit 1
}

screen() {
	tmux_ capture-pane -p -t "$tui_pane" | sed 's/ *$//'
}

# The row, counted from 1.
row() {
	screen | sed -n "$1p"
}
row_has() {
	row "$1" | grep -qF -- "$2"
}
wait_row() {
	tui_until "row $1: $2" row_has "$1" "$2"
}

# wait_like REGEX: a line that matches it
has_like() {
	screen | grep -q -- "$1"
}
wait_like() {
	tui_until "line: $1" has_like "$1"
}

keys() {
	tmux_ send-keys -t "$tui_pane" "$@"
}
text() {
	tmux_ send-keys -t "$tui_pane" -l -- "$1"
}
on() {
	tui_pane=$1
}
resize() {
	tmux_ resize-window -t "$tui_pane" -x "$1" -y "$2"
}

# Kept for eyes: TUI_SHOTS=DIR.
shot() {
	[ -z "${TUI_SHOTS:-}" ] || screen >"$TUI_SHOTS/$1"
}

tui_site_end() {
	local code=$?
	tmux_ kill-server 2>/dev/null
	[ $code -eq 0 ] || tail -n 20 "$site"/home/.local/state/zuoxi/*.log \
		"$tui_dir"/*.err >&2 2>/dev/null
	rm -rf "$tui_dir"
	(exit $code)
	test_end
}

tui_site() {
	test_site "$1"
	trap tui_site_end EXIT
	# a crowded machine must not starve tests of their lease
	site_init --sample >/dev/null || fail site init
	site_set call lease 30000
	"$test_root/scripts/prompts" "$site/prompts" >/dev/null
	espeak-ng -v cmn -w "$site/wav/c.raw.wav" \
		'您好，我想问一下生育津贴多久能到账，材料上个月就交了。'
	sox "$site/wav/c.raw.wav" -r 8000 -c 1 -b 16 "$site/wav/c.wav"
	cp -r "$test_root/tests/data/kb" "$site/kb"
	[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid:$site_uid" "$site"
	site_start || fail site start
	site_ctl site fill >/dev/null
	site_ctl person add B01 周科 --roles bureau >/dev/null
	site_run zuoxi-kb --socket "$site/run/admin.sock" import \
		--by B01 --paper 样例 "$site/kb" \
		>"$site/log/kb.log" || fail import
	site_ctl calendar import - <<<'hours mon-sun 00:00-24:00' >/dev/null
	site_ctl trunk set t1 --kind peer --host 127.0.0.1 >/dev/null
	test_person A001 王莹 agent si=3
	tui_number=$(site_ctl queue list --json |
		jq -r '.items[] | select(.id == "si") | .number' |
		cut -d, -f1)
}

# station NAME PERSON COLS ROWS [OPTION ...]
station() {
	local name=$1 person=$2 cols=$3 rows=$4
	shift 4
	printf '%s\n' "cd $site" \
		"'$test_root/scripts/lib/workstation' '$site' $person $*" \
		"echo ended \$?" >"$tui_dir/$name.run"
	tmux_ new-session -d -s "$name" -x "$cols" -y "$rows" \
		"bash $tui_dir/$name.run 2>$tui_dir/$name.err; exec cat"
	tmux_ set -g status off
	tmux_ set -g escape-time 0
	on "$name"
	resize "$cols" "$rows"
}

citizen() {
	local name=$1 from=$2
	shift 2
	site_spawn "$name" zuoxi-citizen \
		--to "sip:$tui_number@127.0.0.1:$site_sip_port" \
		--from "$from" --speak "$site/wav/c.wav" "$@"
}

agent_is() {
	site_ctl agent list --json | jq -e --arg a "$1" --arg s "$2" \
		'.items[] | select(.id == $a and .state == $s)' >/dev/null
}
contact_with() {
	site_ctl contact list --json |
		jq -e ".items[] | select($1)" >/dev/null
}
# All that this site wrote on contacts has words for the timeline.
facts_have_words() {
	local kind
	for kind in $(site_ctl fact list --limit 1000 --json |
		jq -r '.items[] | select(.contact != "") | .kind' | sort -u); do
		grep -qF "{\"$kind\", N_(" "$test_root/agent-tui/view/words.c" ||
			fail "no words for $kind"
	done
}
fact_with() {
	site_ctl fact list --limit 1000 --json | jq -e ".items[] | select($1)" >/dev/null
}
