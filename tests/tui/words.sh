#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# words.sh ROOT: every kind of fact that can stand on a contact has words for
# its timeline. Kinds are read where facts are made; what a real site wrote is
# looked at by the site tests.
set -eu
cd "$1"
kinds=$({
	find server -name '*.c' -exec cat {} + | tr '\n' ' ' |
		grep -oE '((call|link|agent|missed)_fact\(|\.kind =)[^;{}"]*"[^;{}]*'
	# events of the exchange that the office writes down as they come
	grep -ohE 'strcmp\((k|ev->kind), "leg\.[a-z]+"' server/voice/*.c
} |
	grep -oE '"(contact|offer|leg|recording|kb|ticket|citizen|call|missed)\.[a-z]+"' |
	sort -u)
n=$(echo "$kinds" | wc -l)
[ "$n" -ge 20 ] || { echo "only $n kinds found: the search is broken"; exit 1; }
missing=
for kind in $kinds; do
	case $kind in
	# of the knowledge base, on no contact
	'"kb.imported"' | '"kb.released"' | '"kb.turned"') continue ;;
	esac
	grep -qF "{$kind, N_(" agent-tui/view/words.c || missing="$missing $kind"
done
[ -z "$missing" ] || { echo "no words in agent-tui/view/words.c:$missing"; exit 1; }
