#!/bin/bash
# The base images behave as the official ones do where the example and the
# workspaces rely on it; so this passes with pulled images as well.
set -uo pipefail
bad=0
name=cdlive-images-$$
trap 'docker rm -f -v $name >/dev/null 2>&1' EXIT

expect() { # expect NAME WANTED GOT
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		echo "not ok $1: wanted '$2', got '$3'"
		bad=1
	fi
}

# until COMMAND...: asks until it is well, for a minute at most.
until_well() {
	local limit=$((SECONDS + 60))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $limit ] || return 1
		sleep 0.1 # the pace of asking
	done
}

scratch=$(mktemp -d)
chmod 755 "$scratch"
echo secret-of-the-test >"$scratch/password"
echo 'CREATE TABLE made_at_start (n int); INSERT INTO made_at_start VALUES (42);' >"$scratch/1.sql"
docker run -d --name $name -e POSTGRES_USER=someone -e POSTGRES_PASSWORD_FILE=/run/password -e POSTGRES_DB=things \
	-v "$scratch/password:/run/password:ro" -v "$scratch/1.sql:/docker-entrypoint-initdb.d/1.sql:ro" \
	--user 999:999 --cap-drop ALL --read-only --tmpfs /tmp --tmpfs /var/run/postgresql postgres:15-bookworm >/dev/null
until_well docker exec $name pg_isready -q -h 127.0.0.1 -U someone -d things
expect postgres-is-ready 0 $?
ask() { docker exec -e PGPASSWORD="$1" $name psql -h 127.0.0.1 -U someone -d things -Atc "$2" 2>/dev/null; }
expect postgres-ran-the-script-of-its-first-start 42 "$(ask secret-of-the-test 'SELECT n FROM made_at_start')"
# from within, the official image trusts; from elsewhere the password counts
address=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' $name)
elsewhere() { docker exec -e PGPASSWORD="$1" $name psql -h "$address" -U someone -d things -Atc 'SELECT 1' 2>/dev/null; }
expect postgres-takes-the-password-of-the-file 1 "$(elsewhere secret-of-the-test)"
expect postgres-takes-no-other-password "" "$(elsewhere wrong)"
began=$SECONDS
docker stop -t 30 $name >/dev/null
expect postgres-ends-well-when-asked 0 "$(docker inspect -f '{{.State.ExitCode}}' $name)"
expect postgres-ends-soon yes "$([ $((SECONDS - began)) -lt 20 ] && echo yes)"
docker rm -f -v $name >/dev/null
rm -rf "$scratch"

docker run -d --name $name --user 999:999 --cap-drop ALL --read-only --tmpfs /data redis:7-bookworm >/dev/null
until_well docker exec $name redis-cli ping
expect redis-answers PONG "$(docker exec $name redis-cli ping)"
docker rm -f -v $name >/dev/null

expect debian-is-bookworm bookworm "$(docker run --rm debian:bookworm-slim sh -c '. /etc/os-release; echo $VERSION_CODENAME')"
expect rust-compiles-and-links 0 "$(docker run --rm --tmpfs /tmp:exec rust:1-slim-bookworm sh -c 'echo "fn main() {}" >/tmp/a.rs && rustc -o /tmp/a /tmp/a.rs && /tmp/a; echo $?')"
for image in gcr.io/distroless/cc-debian12 gcr.io/distroless/static-debian12; do
	docker create --name $name $image /none >/dev/null
	expect "${image##*/}-has-no-shell" 0 "$(docker export $name | tar -t | grep -cE '^(\./)?(usr/)?bin/(sh|bash)$')"
	docker rm $name >/dev/null
done
exit $bad
