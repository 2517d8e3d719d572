#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Colour only repeats the shapes: what is sent under NO_COLOR, with 16 and
# 256 colours, dark and light; and a crash gives the terminal back.
dir=$(dirname "$0")
# shellcheck source=tests/tui/lib.sh
. "$dir/lib.sh"
program=$STAGE

# stage_raw ENVIRONMENT [light]: a call on the screen; all bytes it sends
# are in raw
stage_raw() {
	tui_restart
	cat >"$tui_dir/wrapped" <<-END
		#!/bin/sh
		exec script -qefc "env $1 '$program' \$*" '$tui_dir/raw'
	END
	chmod +x "$tui_dir/wrapped"
	STAGE=$tui_dir/wrapped
	shift
	stage_start 80 24 "$@"
	feed_file "$dir/feed/idle"
	feed_file "$dir/feed/ring"
	keys F2
	feed_file "$dir/feed/talk"
	wait_text '[检索]'
	text '津贴'
	feed_file "$dir/feed/search"
	wait_text 'KB-0433'
}

# The colours of all SGR sequences, one a line: 31, 38;5;78, 49 ...
colours() {
	grep -aoP '\e\[[0-9;]*m' "$tui_dir/raw" | tr -d '\033[m' |
		sed -E 's/(38|48);5;/\1:5:/g; s/;/\n/g' |
		grep -xE '(3|4|9|10)[0-9]|[34]8:5:.*' | sort -u
}
shapes() {
	for word in '◆通话' '●录' '!!' '▸KB-0415' '●v3' '▲v5' '◐v1 不可答' \
		'!T-1120-118' '网✓'; do
		has_text "$word" || fail "$1: no $word"
	done
}
refuse_colours() { # PATTERN WHAT
	! colours | grep -xE "$1" || fail "$2"
}
want_colour() { # PATTERN WHAT
	colours | grep -qxE "$1" || fail "$2"
}

stage_raw 'NO_COLOR=1 TERM=xterm-256color'
shapes NO_COLOR
refuse_colours '.*' 'colours under NO_COLOR'

stage_raw 'TERM=screen'
shapes '16 colours'
want_colour '36' 'no cyan for a call with 16 colours'
refuse_colours '(9|10)[0-9]|[34]8:5:.*' 'bright or indexed with 16 colours'

stage_raw 'TERM=screen' light
shapes '16 colours, light'
want_colour '34' 'no blue for a call on a light ground'
refuse_colours '36' 'cyan on a light ground'

stage_raw 'TERM=xterm-256color'
shapes '256 colours'
want_colour '48:5:236' 'no dark bar'
refuse_colours '48:5:254' 'a light bar in the dark'

stage_raw 'TERM=xterm-256color' light
shapes '256 colours, light'
want_colour '48:5:254' 'no light bar'
refuse_colours '48:5:236' 'a dark bar in the light'

# NO_COLOR= (empty) is none
stage_raw 'NO_COLOR= TERM=xterm-256color'
want_colour '48:5:236' 'an empty NO_COLOR took the colours'

# a crash: sane terminal, main screen, cursor
tui_restart
: >"$tui_dir/log"
cat >"$tui_dir/shell" <<-END
	export XDG_CONFIG_HOME='$tui_dir' XDG_STATE_HOME='$tui_dir'
	export XDG_RUNTIME_DIR='$tui_dir' HOME='$tui_dir' LANG=C
	stty -a >'$tui_dir/before'
	echo 'the main screen'
	sh -c 'echo \$\$ >"$tui_dir/pid"; exec "$ZUOXI" --server 127.0.0.1'
	stty -a >'$tui_dir/after'
	echo after=\$?
END
tui_start 80 24 "bash '$tui_dir/shell'"
alternate() {
	[ "$(tmux_ display-message -p '#{alternate_on}')" = "$1" ]
}
tui_until 'the screens' alternate 1
kill -SEGV "$(cat "$tui_dir/pid")"
wait_text 'after=0'
alternate 0 || fail 'not back on the main screen'
has_text 'the main screen' || fail 'the main screen is lost'
[ "$(tmux_ display-message -p '#{cursor_flag}')" = 1 ] || fail 'no cursor'
diff "$tui_dir/before" "$tui_dir/after" >&2 || fail 'the terminal is not sane'
exit 0
