-- Grants invite_writer what mutations write, and no more; it reads as a member of invite_reader. Run it as
-- invite_owner after `migrate up`. Running it again changes nothing.
GRANT INSERT, UPDATE ON invite_codes, workspace_invites, course_invites TO invite_writer;
GRANT INSERT, UPDATE, DELETE ON group_invites TO invite_writer;
GRANT USAGE ON SEQUENCE
    invite_codes_id_seq, workspace_invites_id_seq, course_invites_id_seq, group_invites_id_seq
    TO invite_writer;
GRANT INSERT, DELETE ON invite_code_tags TO invite_writer;
GRANT INSERT ON invite_tokens, invite_events TO invite_writer;
GRANT INSERT, UPDATE, DELETE ON idempotency_keys TO invite_writer;
GRANT INSERT, UPDATE ON workspace_members TO invite_writer;
GRANT INSERT ON group_members, course_members TO invite_writer;
