#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# po.sh ROOT: every text for people has its Chinese, none of it fuzzy, and
# each format takes what the English one takes.
set -e
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
sh "$1/po/extract.sh" "$1" "$dir/zuoxi.pot"
msgfmt --check-format --check-header -o /dev/null "$1/po/zh_CN.po" \
	2>"$dir/err" || { cat "$dir/err"; exit 1; }
msgcmp --use-untranslated "$1/po/zh_CN.po" "$dir/zuoxi.pot" 2>&1 |
	grep -v 'warning:' >"$dir/missing" || true
msgmerge -q --no-fuzzy-matching -o "$dir/merged.po" "$1/po/zh_CN.po" \
	"$dir/zuoxi.pot"
msgattrib --untranslated --no-wrap "$dir/merged.po" | grep '^msgid "..*' \
	>"$dir/untranslated" || true
if [ -s "$dir/untranslated" ] || msgattrib --only-fuzzy "$dir/merged.po" |
	grep -q '^msgid'; then
	echo "not translated:"
	cat "$dir/untranslated"
	exit 1
fi
