#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every verb of zuoxictl, from the program's own list of words: --help, --json
# that is JSON, what is not understood (exit 2, with the way to write it) and
# what is refused (exit 1, with a reason). A verb that this table does not
# know fails the test. Then the completion of bash, from the same words.
#   ctl_table.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"

test_site "$1"
site_init --name 测试热线 >/dev/null
site_office
site_ctl site fill >/dev/null
site_ctl person add A001 王莹 agent --skills si=3 >/dev/null
site_ctl person add L01 赵敏 lead >/dev/null
ssh-keygen -q -t ed25519 -N '' -f "$site/home/k"
print=$(ssh-keygen -lf "$site/home/k.pub" | cut -d' ' -f2)
"$test_root/scripts/prompts" "$site/prompts" >/dev/null
echo 'hours mon-fri 08:30-18:00' >"$site/home/calendar"
# nobody answers there, so its alarm is on
site_ctl trunk set dead --kind peer --host 127.0.0.1 --port 9 >/dev/null
[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid" "$site/home" "$site/prompts"
trunk_alarm()
{
	site_ctl alarm list --json |
		jq -e ".items[] | select(.id == \"trunk:dead\") | $1"
}
eventually 60 trunk_alarm '.level == "critical"'

# What does it (-: nothing here can, it has to be refused) and what it then
# prints, as a filter of jq.
declare -A good=(
	[person list]='' [key list]='' [phone list]='' [queue list]=''
	[disposition list]='' [pause list]='' [prompt list]='' [trunk list]=''
	[agent list]='' [call list]='' [call waiting]='' [call missed]=''
	[contact list]='' [ticket list]='' [recording list]='' [alarm list]=''
	[method list]='' [wall]='' [status]='' [verify]=''
	[fact list]='--kind person.' [calendar show]=''
	[site init]="$site/home/new" [site fill]=-
	[person add]='A002 陈静 agent' [person change]='A001 --name 王英'
	[person disable]=A001 [person enable]=A001
	[key add]="A001 @$site/home/k.pub" [key remove]="$print"
	[phone add]='A001 --name 一号' [phone remove]=A001
	[queue set]='si --wrapup 45s'
	[disposition set]='si.pension.test --name 测试 --parent si.pension'
	[pause set]='gym --name 锻炼 --max 10m'
	[calendar import]="@$site/home/calendar"
	[prompt set]='notice notice.wav'
	[trunk set]='t1 --kind peer --host 127.0.0.2'
	[agent get]=L01 [agent set]='-A001 ready --reason x'
	[call get]=-nothere [call hangup]=-nothere
	[contact get]=-nothere [ticket get]=-T-0101-999
	[learn list]='' [learn report]='' [learn get]='-KB-9 1'
	[course set]='--kind hall --title 大厅学习 --from 2026-11-24 --to 2026-11-25 --gates queue=si,level=3'
	[course get]=C-2026-001 [course list]=''
	[topic report]='2026-11-01 2026-12-01 --kind hot' [flow report]=''
	[course mark]='C-2026-001 A001 --score 90 --passed yes' [course sheet]=''
	[alarm take]=trunk:dead
	[backup]="$site/backup" [restore]="-$site/nothing"
)

verbs()
{
	local noun verb some
	for noun in $(site_ctl --words); do
		some=
		for verb in $(site_ctl --words "$noun"); do
			some=1
			echo "$noun $verb"
		done
		[ -n "$some" ] || echo "$noun"
	done
}

# try WANTED ARG ...: the exit code; $said and $erred
try()
{
	local wanted=$1 got=0
	shift
	said=$(site_ctl "$@" 2>"$site/home/err" <<<'correct horse') || got=$?
	erred=$(<"$site/home/err")
	[ "$got" -eq "$wanted" ] ||
		fail "zuoxictl $* exits $got, not $wanted: $said $erred"
	[ "$wanted" -eq 0 ] || [ -n "$erred" ] || fail "zuoxictl $* says nothing"
}

: >"$site/home/err"
chmod 666 "$site/home/err"
mapfile -t all < <(verbs)
[ ${#all[@]} -gt 40 ] || fail "only ${#all[@]} verbs"

step "what is not understood, of ${#all[@]} verbs"
try 0 --help
help=$said
synopsis()
{
	grep -E "^  $1( |\$)" <<<"$help" | head -n 1
}
for v in "${all[@]}"; do
	use=$(synopsis "$v") || fail "--help has no $v"
	# shellcheck disable=SC2086
	{
		try 2 $v --no-such-option
		[[ $erred == *"zuoxictl $v"* ]] || fail "$v: no way to write it: $erred"
		try 2 $v a b c d e f g h i j k l m n o p
		# what has to be there stands in capitals, outside of brackets
		if [[ $(sed 's/\[[^]]*\]//g' <<<"$use") == *[A-Z]* ]]; then
			try 2 $v
			[[ $erred == *"zuoxictl $v"* ]] ||
				fail "$v: no way to write it: $erred"
		fi
	}
done
try 0 person --help
[[ $said == *'person add'* && $said != *'key add'* ]] || fail "person --help: $said"

step 'each does what it is for, and says it in JSON'
for v in "${all[@]}"; do
	[ -n "${good[$v]+set}" ] || fail "this test has no case for '$v'"
done
for v in "${all[@]}"; do
	case $v in
	backup | restore | verify) continue ;; # last, on what the others made
	esac
	args=${good[$v]}
	wanted=0
	case $args in -[!-]* | -) wanted=1 args=${args#-} ;; esac
	# shellcheck disable=SC2086
	try $wanted $v $args --json
	[ $wanted -eq 0 ] || continue
	case $v in
	*list | *waiting | *missed | *sheet | *report) want='.items | type == "array"' ;;
	*) want='type == "object"' ;;
	esac
	jq -e "$want" <<<"$said" >/dev/null || fail "$v --json: $said"
	# and for people
	# shellcheck disable=SC2086
	case $v in
	*list | *waiting | *missed | *sheet | *report | *show | wall | status)
		try 0 $v $args
		[ -n "$said" ] || fail "$v prints nothing"
		;;
	esac
done
for v in verify backup restore; do
	wanted=0 args=${good[$v]}
	case $args in -*) wanted=1 args=${args#-} ;; esac
	# shellcheck disable=SC2086
	try $wanted $v $args --json
	[ $wanted -ne 0 ] || jq -e 'type == "object"' <<<"$said" >/dev/null ||
		fail "$v --json: $said"
done

step 'a trunk that is down: its alarm was taken, and goes when it is up'
expect 'root took it' trunk_alarm '.taken_by != ""'
zh=$(site_run env LANGUAGE=zh_CN zuoxictl --config "$site_config" alarm list)
[[ $zh == *中继* ]] || fail "no Chinese: $zh"
site_ctl trunk set dead --active no >/dev/null
trunk_is_well()
{
	site_ctl alarm list --json | jq -e '.items | all(.id != "trunk:dead")'
}
eventually 60 trunk_is_well

step 'what calendar show prints, calendar import takes'
site_ctl calendar show >"$site/home/calendar"
site_ctl calendar import - <"$site/home/calendar" >/dev/null

step 'completion of bash'
site_environ
cp "$test_root/scripts/completion/zuoxictl" "$site/completion"
chmod 644 "$site/completion"
# complete WORD ...: what may come in place of the last
complete_at()
{
	# shellcheck disable=SC2016
	(cd "$site" && "${site_front[@]}" bash -c '
		. "$0"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_zuoxictl
		printf "%s\n" "${COMPREPLY[@]}"' \
		"$site/completion" "$@")
}
offers()
{
	grep -qx -- "$1" <<<"$offered" || fail "no $1 after $2: $offered"
}
offered=$(complete_at zuoxictl '')
for v in "${all[@]}"; do offers "${v%% *}" zuoxictl; done
noun=
for v in "${all[@]}"; do
	[[ $v == *' '* ]] || continue
	[ "$noun" = "${v% *}" ] || offered=$(complete_at zuoxictl "${v% *}" '')
	noun=${v% *}
	offers "${v#* }" "$noun"
done
for v in "${all[@]}"; do
	# shellcheck disable=SC2086
	offered=$(complete_at zuoxictl $v --)
	for o in $(synopsis "$v" | grep -oE -- '--[a-z-]+') --json; do
		offers "$o" "$v"
	done
done
offered=$(complete_at zuoxictl --json pers)
offers person --json
offered=$(complete_at zuoxictl --config "$site/zuoxi.c")
offers "$site/zuoxi.conf" --config
[ -z "$(complete_at zuoxictl nonsense '')" ] || fail 'a noun that is none'
