#!/bin/sh
# Creates three roles with the database: the owner of the tables, which migrates and imports, and two as
# which the gateway serves, the reader and the writer. The writer is for `--mutations on`, and needs the
# grants of grant-writer.sql once the tables exist.
set -eu

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set database="$POSTGRES_DB" --set owner_password="$OWNER_PASSWORD" \
    --set reader_password="$READER_PASSWORD" --set writer_password="$WRITER_PASSWORD" <<'SQL'
CREATE ROLE invite_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE invite_reader LOGIN PASSWORD :'reader_password';
ALTER ROLE invite_reader SET default_transaction_read_only = on;
CREATE ROLE invite_writer LOGIN PASSWORD :'writer_password' IN ROLE invite_reader;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO invite_owner, invite_reader;
GRANT CREATE, USAGE ON SCHEMA public TO invite_owner;
-- For the index of the search of users.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
GRANT USAGE ON SCHEMA public TO invite_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE invite_owner IN SCHEMA public GRANT SELECT ON TABLES TO invite_reader;
SQL
