-- Roles that can do only what their work needs. To be run by a superuser in the line's database, after each
-- `izinhatti db upgrade`; run again it changes nothing:
--
--     psql --dbname=izinhatti --file=roles.sql
--
-- Each role logs in itself, because a role's limits are not inherited; none has a password before it is given one
-- (\password izinhatti_service). In the settings: postgresql+asyncpg://izinhatti_service@host/izinhatti
--
--     izinhatti_owner      owns the tables; `db upgrade`
--     izinhatti_service    `serve`
--     izinhatti_clerk      every other command that reads or writes
--     izinhatti_retention  `retention run`: alone in being able to delete evidence
--     izinhatti_monitor    the server's own figures, and no table
--
-- Nobody but the owner can change or delete an entry of the ledger or a request; of a request a clerk can close the
-- review.

\set ON_ERROR_STOP on
BEGIN;

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['owner', 'service', 'clerk', 'retention', 'monitor'] LOOP
        role := 'izinhatti_' || role;
        IF to_regrole(role) IS NULL THEN
            EXECUTE format('CREATE ROLE %I LOGIN', role);
        END IF;
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM %I', current_database(), role);
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END
$$;

-- The program brings its own statement_timeout (`database.statement_timeout_s`); these hold for whoever comes by psql.
ALTER ROLE izinhatti_owner SET lock_timeout = '5s';  -- a migration that waits makes everybody wait behind it
ALTER ROLE izinhatti_owner SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE izinhatti_service SET statement_timeout = '5s';
ALTER ROLE izinhatti_service SET lock_timeout = '4s';
ALTER ROLE izinhatti_service SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE izinhatti_clerk SET statement_timeout = '60s';
ALTER ROLE izinhatti_clerk SET lock_timeout = '4s';
ALTER ROLE izinhatti_clerk SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE izinhatti_retention SET statement_timeout = '60s';
ALTER ROLE izinhatti_retention SET lock_timeout = '1s';
ALTER ROLE izinhatti_retention SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE izinhatti_monitor SET statement_timeout = '10s';
ALTER ROLE izinhatti_monitor SET lock_timeout = '1s';
ALTER ROLE izinhatti_monitor SET idle_in_transaction_session_timeout = '10s';

GRANT pg_monitor TO izinhatti_monitor;

ALTER SCHEMA public OWNER TO izinhatti_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO izinhatti_service, izinhatti_clerk, izinhatti_retention;

-- What is made later is nobody's but the owner's until this has been run again.
ALTER DEFAULT PRIVILEGES FOR ROLE izinhatti_owner REVOKE ALL ON TABLES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE izinhatti_owner REVOKE ALL ON SEQUENCES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE izinhatti_owner REVOKE ALL ON FUNCTIONS FROM PUBLIC;

DO $$
DECLARE
    found record;
BEGIN
    -- A sequence goes with its table. What is divided is granted as a whole: the parts stay the owner's alone.
    FOR found IN SELECT oid::regclass AS name FROM pg_class
                 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO izinhatti_owner', found.name);
    END LOOP;
END
$$;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, izinhatti_service, izinhatti_clerk, izinhatti_retention;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, izinhatti_service, izinhatti_clerk, izinhatti_retention;
GRANT USAGE ON SEQUENCE book_id_seq TO izinhatti_service, izinhatti_clerk, izinhatti_retention;

CREATE TEMPORARY TABLE matrix (name text PRIMARY KEY, service text, clerk text, retention text) ON COMMIT DROP;
INSERT INTO matrix VALUES
    -- Every process that writes has a book, proves what it did, and takes over what a dead one left.
    ('alembic_version', 'SELECT', 'SELECT', 'SELECT'),
    ('book', 'SELECT, INSERT, UPDATE (closed_at, last_seal)', 'SELECT, INSERT, UPDATE (closed_at, last_seal)',
        'SELECT, INSERT, UPDATE (closed_at, last_seal)'),
    ('turn', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT, UPDATE'),
    ('ledger', 'SELECT, INSERT', 'SELECT, INSERT', 'SELECT, INSERT'),
    ('anchor', 'SELECT, INSERT', 'SELECT, INSERT', 'SELECT, INSERT'),
    ('seal', 'SELECT, INSERT', 'SELECT, INSERT', 'SELECT, INSERT'),
    ('sealed_head', 'SELECT, INSERT', 'SELECT, INSERT', 'SELECT, INSERT'),
    ('connection', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE', 'SELECT, UPDATE, DELETE'),
    -- A right to one column is a right to lock the row.
    ('redelivery', 'SELECT, INSERT, UPDATE (expires_at), DELETE', 'SELECT, INSERT',
        'SELECT, INSERT, UPDATE (expires_at), DELETE'),
    -- The registry.
    ('brand', 'SELECT', 'SELECT, INSERT, UPDATE', NULL),
    ('consent', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT, UPDATE', 'SELECT'),
    ('objection', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT'),
    ('import_log', 'INSERT', 'SELECT, INSERT', 'SELECT, DELETE'),
    -- Evidence.
    ('request', 'SELECT, INSERT', 'SELECT, INSERT, UPDATE (review)', 'SELECT, DELETE'),
    ('raw', 'SELECT, INSERT', 'SELECT, INSERT', 'SELECT, DELETE'),
    ('receipt', 'SELECT, INSERT', 'SELECT, INSERT', 'SELECT, DELETE'),
    -- Conversations, reports, messages.
    ('conversation', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT, UPDATE, DELETE'),
    ('segment', 'SELECT, INSERT, DELETE', 'SELECT, DELETE', 'SELECT, DELETE'),
    ('complaint', 'SELECT, INSERT, UPDATE (state, changed_at)', 'SELECT, UPDATE (state, outcome, changed_at)',
        'SELECT, DELETE'),
    ('complaint_text', 'INSERT', 'SELECT', 'SELECT, DELETE'),
    ('outbox', 'SELECT, INSERT, UPDATE', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE, DELETE'),
    ('notice', 'SELECT, UPDATE', 'SELECT, INSERT, UPDATE', 'SELECT, DELETE'),
    ('token', 'SELECT, INSERT', NULL, 'SELECT, DELETE');

DO $$
DECLARE
    unknown text;
    given record;
BEGIN
    SELECT string_agg(relname, ', ') INTO unknown FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
        AND relname NOT IN (SELECT name FROM matrix);
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'this file does not know who may do what with: %', unknown;
    END IF;
    FOR given IN
        SELECT name, role, privileges
        FROM matrix, LATERAL (VALUES
            ('izinhatti_service', service), ('izinhatti_clerk', clerk), ('izinhatti_retention', retention)
        ) AS each (role, privileges)
        WHERE privileges IS NOT NULL AND to_regclass(format('public.%I', name)) IS NOT NULL
    LOOP
        EXECUTE format('GRANT %s ON public.%I TO %I', given.privileges, given.name, given.role);
    END LOOP;
END
$$;

COMMIT;
