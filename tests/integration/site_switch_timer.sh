#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Session timers (RFC 4028): we refresh; a far side that has forgotten the
# call, or does not answer, ends it. Takes 80 seconds: the shortest session
# the RFC allows is 90, refreshed at half of it, and a request that nobody
# answers lasts 32.
#   site_switch_timer.sh BUILD
set -euo pipefail
. "$(dirname "$0")/switch_lib.sh"

# shellcheck disable=SC2034 # for sw_open
rtp_timeout=600
sw_open "$1" 'session_expires = 90'
sw_start
# shellcheck disable=SC2034 # for trunk_config
peer_port=$(free_port)
office_open
expect 'configure' office configure "$(trunk_config)"

start()
{
	peer "$1" "$2" -p "$(free_port)" -s 12333 -timeout 110 "127.0.0.1:$sip_port"
	next_call
	expect 'answer' office leg.answer "{\"leg\":\"$leg\",\"contact\":\"c-$1\"}"
}

step 'the answer names interval and refresher'
start fine uac_refresh
fine=$leg
start forgot "$(code_scenario 481 '' uac_forgot)"
forgot=$leg
start lost uac_lost
lost=$leg

step 'a refresh that is answered keeps the call, one with 481 ends it'
heard 60 ".kind == \"leg.ended\" and .leg == \"$forgot\" and .cause == \"session_timer\""
peer_ok forgot
peer_ok fine
ended 5 "$fine" bye

step 'one that nobody answers ends it too'
ended 45 "$lost" session_timer
sw_kill TERM
