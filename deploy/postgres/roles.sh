#!/bin/sh
# Creates two roles with the database: the owner of the tables, which migrates and imports, and the
# reader, as which the gateway serves.
set -eu

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set database="$POSTGRES_DB" --set owner_password="$OWNER_PASSWORD" \
    --set reader_password="$READER_PASSWORD" <<'SQL'
CREATE ROLE invite_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE invite_reader LOGIN PASSWORD :'reader_password';
ALTER ROLE invite_reader SET default_transaction_read_only = on;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO invite_owner, invite_reader;
GRANT CREATE, USAGE ON SCHEMA public TO invite_owner;
GRANT USAGE ON SCHEMA public TO invite_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE invite_owner IN SCHEMA public GRANT SELECT ON TABLES TO invite_reader;
SQL
