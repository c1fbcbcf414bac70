#!/bin/bash
# share/quickstart run, up to the deck: the folder that it makes, and that a
# second run does no work twice.
set -uo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
shop=$scratch/shop
bad=0

expect() { # expect NAME COMMAND...
	local name=$1
	shift
	if "$@"; then
		echo "ok $name"
	else
		echo "not ok $name: $*"
		sed 's/^/    /' "$scratch/said"
		bad=1
	fi
}

# Without a terminal it ends where the deck would open.
run() { "$TEST_SRCDIR/share/quickstart" run "$@" >"$scratch/said" 2>&1 </dev/null; }

# `run` alone configures without what only tests need: `test` must do it again.
expect quickstart-builds-the-unit-tests [ -x "$TEST_BUILDDIR/tests/tui/test-keys" ]
run "$shop"
expect quickstart-needs-a-terminal grep -q 'this is no terminal' "$scratch/said"
expect quickstart-copies-the-example cmp "$shop/compose.yaml" "$TEST_SRCDIR/share/example/compose.yaml"
expect quickstart-makes-an-env-of-its-own [ "$(stat -c %a "$shop/.env")" = 600 ]
expect quickstart-makes-a-project-that-compose-reads docker compose --project-directory "$shop" config --quiet

echo '# mine' >>"$shop/compose.yaml"
began=$SECONDS
run "$shop"
expect quickstart-keeps-what-is-there grep -qx '# mine' "$shop/compose.yaml"
expect quickstart-is-quick-the-second-time [ $((SECONDS - began)) -lt 15 ]

mkdir "$scratch/other"
run "$scratch/other"
expect quickstart-takes-no-folder-of-others grep -q 'name another folder' "$scratch/said"
expect quickstart-left-that-folder-alone [ -z "$(ls -A "$scratch/other")" ]
"$TEST_SRCDIR/share/quickstart" walk >"$scratch/said" 2>&1
expect quickstart-refuses-an-unknown-word [ $? = 2 ]
exit $bad
