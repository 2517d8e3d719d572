# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Real terminal, real program: each test has a tmux server of its own, fixed
# size, zone and locale. Nothing sleeps for a result; everything waits for a
# text, with a limit.
#
#   stage_start COLS ROWS [ascii|light|en]   the screens over a scripted model
#   feed JSON             into the model; returns when it was applied
#   keys KEY...           tmux names (F2, Enter, C-o) or text
#   wait_text TEXT        until the screen holds it
#   wait_log TEXT         until the screens asked the office for it
#   golden < TEXT         the screen is exactly this, trailing blanks aside
#   golden_rows ROWS < TEXT   these rows of it: "1-5,44-48"
set -u
export TZ=Asia/Shanghai LC_ALL=C.UTF-8
unset NO_COLOR COLORFGBG TMUX
tui_dir=$(mktemp -d)
tui_socket=$tui_dir/tmux
tui_limit=${TUI_LIMIT:-100} # tenths of a second

tmux_() {
	command tmux -S "$tui_socket" -f /dev/null "$@"
}

tui_end() {
	# under script(1) the screens do not notice that tmux has gone
	[ ! -p "$tui_dir/feed" ] || echo '{"quit":true}' >&8
	tmux_ kill-server 2>/dev/null
	rm -rf "$tui_dir"
}
trap tui_end EXIT

# A new terminal and program for the same script.
tui_restart() {
	tui_end
	exec 8>&-
	mkdir -p "$tui_dir"
}

fail() {
	echo "FAIL: $*" >&2
	echo "--- screen" >&2
	screen >&2
	[ -f "$tui_dir/log" ] && tail -20 "$tui_dir/log" >&2
	[ -f "$tui_dir/err" ] && tail -40 "$tui_dir/err" >&2
	exit 1
}

screen() {
	tmux_ capture-pane -p | sed 's/ *$//'
}

tui_start() { # COLS ROWS COMMAND
	local cols=$1 rows=$2
	shift 2
	tmux_ new-session -d -x "$cols" -y "$rows" \
		"$* 2>$tui_dir/err; echo exit=\$? >>$tui_dir/log; sleep 60"
	tmux_ set -g status off
	tmux_ set -g escape-time 0
	tmux_ resize-window -x "$cols" -y "$rows"
}

stage_start() {
	local cols=$1 rows=$2
	shift 2
	mkfifo "$tui_dir/feed"
	exec 8<>"$tui_dir/feed"
	: >"$tui_dir/log"
	tui_start "$cols" "$rows" \
		"STAGE_LOCALE='${STAGE_LOCALE:-}' '$STAGE' $tui_dir/feed $tui_dir/log $*"
	wait_log started
}

tui_until() { # WHAT COMMAND...: runs it until it succeeds
	local what=$1 i
	shift
	for ((i = 0; i < tui_limit; i++)); do
		"$@" && return 0
		read -rt 0.1 <> <(:) || :
	done
	fail "waited for $what"
}

has_text() {
	screen | grep -qF -- "$1"
}
has_log() {
	grep -qF -- "$1" "$tui_dir/log"
}
wait_text() {
	tui_until "text: $1" has_text "$1"
}
wait_gone() {
	tui_until "no text: $1" lacks_text "$1"
}
lacks_text() {
	! has_text "$1"
}
wait_log() {
	tui_until "log: $1" has_log "$1"
}

# A command alone on its line.
has_log_line() {
	grep -qxF -- "$1" "$tui_dir/log"
}
wait_log_line() {
	tui_until "log: $1" has_log_line "$1"
}

fed_lines() {
	[ "$(grep -c '^fed$' "$tui_dir/log")" -ge "$1" ]
}
feed() {
	local n
	n=$(($(grep -c '^fed$' "$tui_dir/log") + 1))
	printf '%s\n' "$1" >&8
	tui_until "feed $1" fed_lines "$n"
	! grep -q '^bad line' "$tui_dir/log" || fail "bad line"
}
feed_file() {
	local line
	while IFS= read -r line; do
		[ -z "$line" ] || feed "$line"
	done <"$1"
}

keys() {
	tmux_ send-keys "$@"
}
text() {
	tmux_ send-keys -l -- "$1"
}

rows() { # "1-5,44-48"
	screen | sed -n "$(sed 's/-/,/g; s/,\([0-9]*\),\([0-9]*\)/,\1p;\2/g; s/$/p/' <<<"$1")"
}
same_as() {
	[ "$(rows "$1")" = "$2" ]
}
golden_rows() {
	local want i
	want=$(sed 's/ *$//')
	if [ -n "${TUI_SHOW:-}" ]; then
		rows "$1"
		return
	fi
	for ((i = 0; i < tui_limit; i++)); do
		same_as "$1" "$want" && return 0
		read -rt 0.1 <> <(:) || :
	done
	diff <(printf '%s\n' "$want") <(rows "$1") >&2
	exit 1
}
golden() {
	golden_rows 1-999
}
