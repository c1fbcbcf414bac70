# `cargodeck config` and `config check`, as a shell sees them.
program=$TEST_BUILDDIR/cargodeck
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export XDG_CONFIG_HOME="$work/config" XDG_STATE_HOME="$work/state"
unset NO_COLOR COLORFGBG
mkdir -p "$XDG_CONFIG_HOME/cargodeck"
file=$XDG_CONFIG_HOME/cargodeck/config.ini
number=0
cd "$work" || exit 99

result() { # STATUS NAME
	number=$((number + 1))
	[ "$1" = 0 ] || printf 'not '
	echo "ok $number - $2"
}

has() { # TEXT: a fixed line, blanks folded
	printf '%s\n' "$out" | tr -s ' ' | grep -qxF -- "$1"
}

echo 1..15
out=$("$program" config check)
result $? "no file is no mistake"

printf '[screen]\nframes = 30\n[keys]\nzoom = f\n[commands]\ntop = Alt-T | Show processes | docker top {container}\n[jobs]\nfmt = cargo fmt --check\n' >"$file"
out=$("$program" config check)
result $? "a good file ends with 0"
out=$("$program" config)
has "frames 30 $file:2" && has "mouse on default" && has "zoom f $file:4" && has "top Show processes $file:6" && has "fmt cargo fmt --check $file:8"
result $? "each value comes with its place"
out=$(NO_COLOR=1 "$program" config)
has "colours none environment NO_COLOR"
result $? "the environment is named"
"$program" config --json | python3 -c 'import json, sys
it = json.load(sys.stdin)
frames = [s for s in it["settings"] if s["name"] == "frames"][0]
assert frames["value"] == "30" and frames["origin"] == "file" and frames["line"] == 2, frames
assert it["commands"][0]["shell"] == "docker top \"$CARGODECK_CONTAINER\"", it
assert it["jobs"] == [{"name": "fmt", "sentence": None, "words": ["fmt", "--check"], "line": 8}], it
assert it["mistakes"] == [], it'
result $? "the same as JSON"

printf '[screen]\nframes = 300\n[keys]\nzom = x\nzoom = s\n[commands]\nstop = None | Mine | true\n' >"$work/other.ini"
out=$("$program" config check "$work/other.ini")
[ $? = 1 ]
result $? "a file with mistakes ends with 1"
has "$work/other.ini:2: frames takes 1 to 60, not \"300\"; 60 is taken"
result $? "a wrong value is named with its line"
has "$work/other.ini:4: the screen has no command \`zom\`: is \`zoom\` meant?" && printf '%s\n' "$out" | grep -q "other.ini:5: the key s of .start. is taken by .zoom."
result $? "unknown commands and keys that collide are named with their line"
has "$work/other.ini:7: \`stop\` is a command of cargodeck: give this one another name"
result $? "an own command must not have a name of ours"
printf '[commands]\njob-fine = None | Mine | true\n[jobs]\ncheck = check -p api\nfine = clippy\n' >"$work/other.ini"
out=$("$program" config check "$work/other.ini")
has "$work/other.ini:4: \`check\` is a job of cargodeck: give this one another name" &&
	has "$work/other.ini:5: the command for this job would be \`job-fine\`, which is one of [commands]: give one of them another name"
result $? "an own job must not have a name that is taken"
out=$("$program" job --names | tr '\n' ' ')
[ "$out" = "check clippy test doc fmt " ]
result $? "job --names lists all jobs"
out=$("$program" job lint 2>&1)
[ $? = 2 ] && has "cargodeck: there is no job lint" && has " the jobs are check, clippy, test, doc and fmt; own ones stand in [jobs] of config.ini"
result $? "a job that there is not is wrong usage"
"$program" config chek 2>/dev/null
[ $? = 2 ]
result $? "another word is wrong usage"

catalogue=$TEST_BUILDDIR/share/po/ru/LC_MESSAGES/cargodeck.mo
is_russian() { # the letter "е", as UTF-8
	printf '%s\n' "$out" | LC_ALL=C grep -q "$(printf '\320\265')"
}
printf '[screen]\nlanguage = ru\nframes = 300\n' >"$file"
out=$(LC_ALL=C.UTF-8 "$program" config check)
[ ! -e "$catalogue" ] || is_russian
result $? "the setting chooses the language"
printf '[screen]\nlanguage = en\nframes = 300\n' >"$file"
out=$(LC_ALL=ru_RU.UTF-8 "$program" config check)
has "$file:3: frames takes 1 to 60, not \"300\"; 60 is taken"
result $? "the setting wins over the environment"
