-- Two roles for one database, made once, as a superuser connected to that database: `campus_owner` migrates, `campus_serving` serves.
-- Neither has a password yet: `\password campus_owner` of psql gives one without writing it anywhere.
CREATE ROLE campus_owner LOGIN;
CREATE ROLE campus_serving LOGIN;

DO $$
BEGIN
  EXECUTE format('ALTER DATABASE %I OWNER TO campus_owner', current_database());
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO campus_serving', current_database());
END $$;
-- PostgreSQL 14 lets everybody make tables in it.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO campus_owner;
