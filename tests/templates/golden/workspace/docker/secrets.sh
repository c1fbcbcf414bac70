#!/bin/sh
# Makes the secrets that are not there yet, one file each, in ./secrets or the
# folder that SECRETS_DIR names. Compose shows them to containers as they are
# here: readable for any user inside, so it is the folder that nobody else enters.
set -eu
folder=${SECRETS_DIR:-./secrets}
umask 077
mkdir -p "$folder"
chmod 0700 "$folder"
for name in postgres_password app_db_password; do
	[ -s "$folder/$name" ] && continue
	od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$folder/$name"
	chmod 0444 "$folder/$name"
	echo "made $folder/$name"
done
