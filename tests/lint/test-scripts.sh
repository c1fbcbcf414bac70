#!/bin/bash
# Every bash script can be read by bash, and shellcheck, where it is installed,
# has nothing to say of it. Speaks TAP.
set -uo pipefail
cd "${TEST_SRCDIR:-$(dirname "$0")/../..}" || exit 1
number=0 failed=0

mapfile -t scripts < <(grep -rlE '^#!(/usr)?/bin/(env )?(ba)?sh|^# shellcheck shell=' share tests .ci 2>/dev/null |
	grep -vE '/(target|corpus|fixtures|__pycache__)/|^share/completions/' | sort)

say() { # say STATUS NAME OUTPUT
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		printf '# %s\n' "${3//$'\n'/$'\n# '}"
		failed=1
	fi
}

for script in "${scripts[@]}"; do
	output=$(bash -n "$script" 2>&1)
	say $? "bash reads $script" "$output"
	if ! command -v shellcheck >/dev/null; then
		number=$((number + 1))
		echo "ok $number - shellcheck of $script # SKIP shellcheck is not installed"
		continue
	fi
	output=$(shellcheck -x -f gcc "$script" 2>&1)
	say $? "shellcheck of $script" "$output"
done
[ ${#scripts[@]} -gt 5 ]
say $? "there were scripts to read" "${scripts[*]}"
echo "1..$number"
exit $failed
