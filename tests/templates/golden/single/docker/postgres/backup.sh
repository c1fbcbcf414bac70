#!/bin/sh
# backup.sh loop          one now, then one a day
# backup.sh once          one now
# backup.sh list          what is there
# backup.sh verify FILE   is it whole and can it be read?
# backup.sh restore FILE  into the database, all in one or nothing
# backup.sh fresh         is the last one younger than 26 hours?
# Where and as whom is libpq's own: PGHOST, PGUSER, PGPASSWORD, PGDATABASE; the
# password may stand in the file that PGPASSWORD_FILE names.
set -eu
umask 077
folder=${BACKUP_FOLDER:-/backups}
keep=${BACKUP_KEEP_DAYS:-14}
if [ -n "${PGPASSWORD_FILE:-}" ]; then
	PGPASSWORD=$(cat "$PGPASSWORD_FILE")
	export PGPASSWORD
fi

verify() {
	(cd "$folder" && sha256sum --check --quiet "$1.sha256")
	pg_restore --list "$folder/$1" >/dev/null
}

once() {
	name=$PGDATABASE-$(date -u +%Y%m%dT%H%M%SZ).dump
	trap 'rm -f "$folder/$name.part"' EXIT
	pg_dump --format=custom --file="$folder/$name.part"
	# Only what can be read again gets its name.
	pg_restore --list "$folder/$name.part" >/dev/null
	mv "$folder/$name.part" "$folder/$name"
	(cd "$folder" && sha256sum "$name" >"$name.sha256")
	trap - EXIT
	echo "backup: $name, $(wc -c <"$folder/$name") bytes"
	# Roles are no part of a dump.
	pg_dumpall --globals-only --no-role-passwords >"$folder/roles.sql"
	retain
}

# What is older goes, but never the newest.
retain() {
	newest=$(newest)
	find "$folder" -name "$PGDATABASE-*.dump" -mtime "+$keep" ! -name "$newest" -print |
		while IFS= read -r old; do
			rm -f "$old" "$old.sha256"
			echo "backup: ${old##*/} is older than $keep days: removed"
		done
}

newest() {
	find "$folder" -name "$PGDATABASE-*.dump" -printf '%f\n' | sort | tail -n 1
}

restore() {
	verify "$1"
	once
	pg_restore --clean --if-exists --single-transaction --exit-on-error --dbname="$PGDATABASE" "$folder/$1"
	echo "backup: $1 restored; what was there before is the newest backup"
}

named() { # named WORD: the name of a backup, without a folder
	case ${1:-} in
	'' | */* | -*)
		echo "backup: name one of: backup.sh list" >&2
		exit 2
		;;
	esac
}

case ${1:-} in
loop)
	trap 'exit 0' TERM INT
	while :; do
		once || echo "backup: failed; the next try is in a day" >&2
		sleep 86400 &
		wait $!
	done
	;;
once) once ;;
list) find "$folder" -name '*.dump' -printf '%f\t%s bytes\n' | sort ;;
verify) named "${2:-}" && verify "$2" && echo "backup: $2 is whole" ;;
restore) named "${2:-}" && restore "$2" ;;
fresh) [ -n "$(find "$folder" -name "$PGDATABASE-*.dump" -mmin -1560 -print -quit)" ] ;;
*)
	sed -n 's/^# \{0,1\}//; 2,8p' "$0"
	exit 2
	;;
esac
