#!/bin/sh
# Waits for the data folder, prepares it as the program's user, and becomes the
# program, which never runs as root.
set -e

tries=0
until [ -d data ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 50 ] || { echo "there is no data folder" >&2; exit 1; }
	sleep 0.1
done

as_app() {
	setpriv --reuid=app --regid=app --clear-groups "$@"
}

as_app bin/page-server migrate
exec setpriv --reuid=app --regid=app --clear-groups "$@"
