-- What the serving role may do, given by `campus_owner` after the first `campus migrate`, and again after a restore. Saying it twice does no harm.
-- It reads and writes rows, and changes no table, trigger or function: so it cannot take away what keeps the audit trail as it is.
GRANT USAGE ON SCHEMA public TO campus_serving;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO campus_serving;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO campus_serving;

-- Tables of later releases, so that a migration is followed by nothing.
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO campus_serving;
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO campus_serving;
-- A restore makes the schema anew.
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO campus_serving;

-- The trail is written and read. It is deleted by the worker, at the end of the district's days, under a checkpoint that triggers ask for.
REVOKE UPDATE ON audit_events, sealed_events, audit_seals FROM campus_serving;
-- Which release the tables are of, is for `campus migrate` to say.
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM campus_serving;
