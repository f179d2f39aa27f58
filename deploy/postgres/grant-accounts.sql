-- Grants invite_writer what `--jwt-provision on` writes: the accounts of people who sign in. Run it as
-- invite_owner after `migrate up`. Running it again changes nothing.
GRANT INSERT, UPDATE ON users TO invite_writer;
GRANT USAGE ON SEQUENCE users_id_seq TO invite_writer;
