#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# extract.sh ROOT OUT: all texts for people of the client, the office, the
# knowledge base and what they share.
set -e
out=$(realpath "$2")
cd "$1"
grep -rlE '\b(N?_|gettext)\(' --include='*.c' --include='*.h' \
	agent-tui server kb common | LC_ALL=C sort |
	xgettext --from-code=UTF-8 -k_ -kN_ --no-wrap --sort-output \
		--no-location --package-name=zuoxi -f - -o "$out.new" \
		2>/dev/null
# the help of methods: the last of a table's line
xgettext --from-code=UTF-8 -k -kX:5 --no-wrap --sort-output -j \
	--no-location -o "$out.new" common/proto.h 2>/dev/null
# the faults of an entry, by their format
xgettext --from-code=UTF-8 -k -kkb_entry_fault:3 --no-wrap --sort-output -j \
	--no-location -o "$out.new" kb/entry*.c 2>/dev/null
# of a key of the configuration, too
xgettext --from-code=UTF-8 -k -kX:9 --no-wrap --sort-output -j \
	--no-location -o "$out.new" server/config.h 2>/dev/null
sed -i 's/charset=CHARSET/charset=UTF-8/; /^"POT-Creation-Date/d' "$out.new"
mv "$out.new" "$out"
