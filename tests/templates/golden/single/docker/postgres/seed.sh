#!/bin/sh
# Fills the database with the test data of /seeds, file after file. Each must be
# one that may be run again: INSERT … ON CONFLICT DO NOTHING.
set -eu

if [ "${APP_ENV:-}" = production ]; then
	echo "seed: not in production" >&2
	exit 1
fi
for file in /seeds/*.sql; do
	[ -e "$file" ] || continue
	echo "seed: ${file##*/}"
	psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --single-transaction --file="$file"
done
