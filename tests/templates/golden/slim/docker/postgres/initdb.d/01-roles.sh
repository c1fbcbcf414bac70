#!/bin/sh
# Runs once, when the data folder is empty: the programs get a role of their own,
# which owns their database and is no superuser. The tables are the migrations'.
set -eu

if [ -n "${APP_DB_PASSWORD_FILE:-}" ]; then
	APP_DB_PASSWORD=$(cat "$APP_DB_PASSWORD_FILE")
fi
export APP_DB_PASSWORD

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
\getenv role APP_DB_USER
\getenv password APP_DB_PASSWORD
\getenv database POSTGRES_DB
CREATE ROLE :"role" LOGIN PASSWORD :'password';
ALTER DATABASE :"database" OWNER TO :"role";
REVOKE CONNECT, TEMPORARY ON DATABASE :"database" FROM PUBLIC;
SQL
