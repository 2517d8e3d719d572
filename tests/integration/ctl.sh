#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An administrator's day in the shell: every noun, its refusals, what kill -9
# leaves, and a backup that comes back whole.
#   ctl.sh BUILD
set -euo pipefail
. "$(dirname "$0")/lib.sh"

test_site "$1"
site_init --name 测试热线 >/dev/null
site_office
site_ctl site fill >/dev/null

# code WANTED COMMAND ...: the exit code, and something on stderr
code()
{
	local wanted=$1 got=0 err
	shift
	err=$("$@" 2>&1 >/dev/null) || got=$?
	[ "$got" -eq "$wanted" ] || fail "$* exits $got, not $wanted: $err"
	[ -n "$err" ] || fail "$* says nothing"
	last_error=$err
}

# has JQ-FILTER NOUN VERB ...: one item of the list matches
has()
{
	local filter=$1
	shift
	site_ctl "$@" --json | jq -e ".items[] | select($filter)" >/dev/null
}

step 'what is not understood exits 2 and says how to write it'
code 2 site_ctl
code 2 site_ctl nonsense list
code 2 site_ctl person
code 2 site_ctl person add A001
[[ $last_error == *'zuoxictl person add PERSON NAME ROLES'* ]] ||
	fail "no synopsis: $last_error"
code 2 site_ctl person list --nonsense
code 2 site_ctl queue set si --lease soon
code 2 site_ctl person add A001 x agent extra

step 'people'
site_ctl person add A001 王莹 agent --skills si=3,mi=2 >/dev/null
site_ctl person add L01 赵敏 lead,agent >/dev/null
expect 'the list has both' has '.id == "A001" and .name == "王莹" and .skills.si == 3' person list
code 1 site_ctl person add A001 again agent
code 1 site_ctl person add 'A 1' x agent
code 1 site_ctl person add A002 x captain
code 1 site_ctl person add A002 x agent --skills nothere=3
code 1 site_ctl person change A404 --name x
site_ctl person change A001 --name 王英 >/dev/null
expect 'the new name' has '.id == "A001" and .name == "王英"' person list
site_ctl person disable A001 >/dev/null
expect 'disabled' has '.id == "A001" and .disabled' person list
site_ctl person enable A001 >/dev/null

step 'keys, and the file that sshd reads'
ssh-keygen -q -t ed25519 -N '' -f "$site/home/k"
ssh-keygen -q -t rsa -b 1024 -N '' -f "$site/home/weak" 2>/dev/null || true
[ ${#site_as[@]} -eq 0 ] || chown "$site_uid" "$site"/home/*
site_ctl key add A001 "@$site/home/k.pub" >/dev/null
keyfile()
{
	grep -q 'restrict,command="exec .*zuoxi-gate.* --agent A001' "$site/state/authorized_keys"
}
eventually 5 keyfile
code 1 site_ctl key add A001 'ssh-ed25519 AAAAnonsense'
code 1 site_ctl key add L01 "@$site/home/k.pub"
[ ! -f "$site/home/weak.pub" ] || code 1 site_ctl key add A001 "@$site/home/weak.pub"
print=$(site_ctl key list --json | jq -r '.items[0].fingerprint')
[ "$print" = "$(ssh-keygen -lf "$site/home/k.pub" | cut -d' ' -f2)" ] ||
	fail "fingerprint $print is not ssh-keygen's"
site_ctl person disable A001 >/dev/null
no_keyfile()
{
	! grep -q 'agent A001' "$site/state/authorized_keys"
}
eventually 5 no_keyfile
site_ctl person enable A001 >/dev/null
site_ctl key remove "$print" >/dev/null
code 1 site_ctl key remove "$print"

step 'desk phones keep a digest, never a password'
site_ctl phone add A001 --name 一号 <<<'correct horse' >/dev/null
expect 'listed' has '.phone == "A001"' phone list
code 2 site_ctl phone add A003 <<<'short'
refuse 'the password in the database' grep -qa 'correct horse' "$site"/state/zuoxi.db*
site_ctl phone remove A001 >/dev/null
code 1 site_ctl phone remove A001

step 'queues, dispositions, pauses'
site_ctl queue set si --lease 20s --wrapup 45s >/dev/null
expect 'changed' has '.id == "si" and .lease_ms == 20000 and .wrapup_ms == 45000' queue list
code 1 site_ctl queue set xx --number 88001001 --name x
code 1 site_ctl queue set si --lease 10h
expect 'the tree' has '.code == "si.pension.move" and .parent == "si.pension"' disposition list
site_ctl disposition set si.pension.test --name 测试 --parent si.pension >/dev/null
code 1 site_ctl disposition set x.y --name x --parent nowhere
code 1 site_ctl disposition set si.pension --parent si.pension.test
site_ctl pause set gym --name 锻炼 --max 10m --order 9 >/dev/null
expect 'a pause reason' has '.code == "gym" and .max_ms == 600000' pause list

step 'the calendar is replaced as a whole, or not at all'
printf 'hours mon-fri 08:30-18:00\noff 2027-01-01 元旦\n' |
	site_ctl calendar import - >/dev/null
code 1 site_ctl calendar import - <<<'hours mon-fri 18:00-08:30'
code 1 site_ctl calendar import - <<<$'hours mon-fri 08:30-18:00\noff 2027-02-30 x'
[[ $last_error == *2* ]] || fail "no line number: $last_error"
site_ctl calendar show | grep -q 元旦 || fail 'the old calendar is gone'

step 'prompts and trunks'
"$test_root/scripts/prompts" "$site/prompts" >/dev/null
[ ${#site_as[@]} -eq 0 ] || chown -R "$site_uid" "$site/prompts"
site_ctl prompt set notice notice.wav >/dev/null
code 1 site_ctl prompt set notice nothere.wav
code 1 site_ctl prompt set notice ../../etc/passwd
site_ctl trunk set ct1 --kind peer --host 127.0.0.1 >/dev/null
site_ctl trunk set ct2 --kind register --host 127.0.0.2 --user u --password s3cr3tpass >/dev/null
expect 'a trunk' has '.id == "ct1" and .kind == "peer"' trunk list
refuse 'the secret in a list' eval 'site_ctl trunk list --json | grep -q s3cr3tpass'
refuse 'the secret in a fact' eval 'site_ctl fact list --json | grep -q s3cr3tpass'
code 1 site_ctl trunk set ct3 --kind carrier --host x

step 'what is now'
site_ctl agent list >/dev/null
code 1 site_ctl agent get A404
code 1 site_ctl agent set A404 ready --reason x
code 1 site_ctl call get nothere
code 1 site_ctl call hangup nothere
site_ctl call list >/dev/null
site_ctl call waiting >/dev/null
site_ctl call missed >/dev/null
site_ctl contact list >/dev/null
code 1 site_ctl contact get nothere
site_ctl ticket list >/dev/null
code 1 site_ctl ticket get T-0101-999
site_ctl recording list >/dev/null
site_ctl alarm list >/dev/null
site_ctl wall --json | jq -e .today >/dev/null || fail 'no wall'
site_ctl status --json | jq -e .boot >/dev/null || fail 'no status'
site_ctl method list --json | jq -e '.items | length > 40' >/dev/null || fail 'no methods'

step 'the record tells who did what, and goes on'
expect 'the fact of a change' has '.kind == "person.added" and .subject == "L01" or .kind == "person.added" and .agent == "L01"' fact list --kind person.
site_spawn follow zuoxictl --config "$site_config" --json fact list --follow
eventually 5 eval '[ -n "$(site_pid follow)" ]'
followed()
{
	site_ctl pause set gym --max 12m >/dev/null
	grep -q '"pause.set"' "$site/log/follow.log"
}
eventually 10 followed
site_end follow

step 'what was confirmed survives kill -9'
for i in 1 2 3 4 5; do
	site_ctl person add "K0$i" 测试 agent >/dev/null
	pid=$(site_pid zuoxid)
	kill -KILL "$pid"
	# the kernel lets go of the lock when the process is gone, not before
	eventually 10 eval "! kill -0 $pid"
	site_office
	expect "K0$i is there" has ".id == \"K0$i\"" person list
done
expect 'verify is clean' site_ctl verify

step 'a backup comes back whole'
code 1 site_ctl backup "$site/home"
site_ctl backup "$site/backup" >/dev/null
people=$(site_ctl person list --json | jq -S .items)
code 1 site_ctl restore "$site/backup"
site_end zuoxid 15
code 1 site_ctl person list
code 1 site_ctl restore "$site/backup"
rm -f "$site"/state/zuoxi.db*
printf x >>"$site/backup/zuoxi.conf"
code 1 site_ctl restore "$site/backup"
[ ! -e "$site/state/zuoxi.db" ] || fail 'a damaged backup was written'
truncate -s -1 "$site/backup/zuoxi.conf"
site_ctl restore "$site/backup" >/dev/null
site_office
[ "$people" = "$(site_ctl person list --json | jq -S .items)" ] ||
	fail 'people differ after restore'
expect 'verify is clean' site_ctl verify
