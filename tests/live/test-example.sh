#!/bin/bash
# The example as its readers would try it: no warning, and its own tests pass.
# With this machine's cargo where there is one, else within the Rust image.
set -uo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -R "$TEST_SRCDIR/share/example" "$scratch/shop"
chmod -R u+w "$scratch/shop"
cd "$scratch/shop" || exit 1

if command -v cargo >/dev/null; then
	run() { env CARGO_TARGET_DIR="$scratch/target" "$@"; }
else
	ca=()
	[ ! -s "${SSL_CERT_FILE:-}" ] || ca=(-v "$SSL_CERT_FILE:/etc/ssl/certs/ca-certificates.crt:ro")
	run() {
		docker run --rm --user "$(id -u):$(id -g)" -v "$scratch:$scratch" -w "$PWD" "${ca[@]}" \
			-e HOME="$scratch" -e CARGO_HOME="$scratch/cargo" -e CARGO_TARGET_DIR="$scratch/target" rust:1-slim-bookworm "$@"
	}
fi

try() { # try NAME COMMAND...
	local name=$1
	shift
	if run "$@" >"$scratch/log" 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name: $* ended with $?"
		tail -n 20 "$scratch/log" | sed 's/^/    /'
		bad=1
	fi
}

bad=0
try example-builds cargo build --locked --all-targets
if grep -m 5 '^warning' "$scratch/log"; then
	echo "not ok example-builds-without-a-warning"
	bad=1
else
	echo "ok example-builds-without-a-warning"
fi
try example-tests-pass cargo test --locked
if cargo clippy --version >/dev/null 2>&1; then
	try example-passes-clippy cargo clippy --locked --all-targets -- -D warnings
	try example-is-formatted cargo fmt --check
else
	echo "ok example-passes-clippy # SKIP there is no clippy on this machine"
fi
exit $bad
