// Generates the data: row counts, SQL, and parameters of the queries. It is deterministic: the same
// numbers give the same rows everywhere.
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';

import { Database, exists, server, settle } from './postgres.mjs';

const INVITES_A_WORKSPACE = 10;
const WORKSPACES_A_MANAGER = 20;
const INVITERS_A_WORKSPACE = 5;
const SMALL_COURSE = 200;
const BIG_COURSE = 20_000;
const TAGS = 100;

// A prime, so that its multiples are spread evenly over any modulus.
const SPREAD = 7919;

// Returns the rows per kind for a number of invites: two fifths are codes, one fifth are of
// workspaces, and one fifth each are of small and of big courses.
function sizesOf(invites) {
  const fifth = Math.floor(invites / 5);
  const managers = Math.max(1, Math.round(fifth / INVITES_A_WORKSPACE / WORKSPACES_A_MANAGER));
  const bigCourse = Math.min(BIG_COURSE, fifth);
  return {
    invites,
    codes: 2 * fifth,
    managers,
    workspaces: managers * WORKSPACES_A_MANAGER,
    smallCourses: Math.max(1, Math.round(fifth / SMALL_COURSE)),
    smallCourse: SMALL_COURSE,
    bigCourses: Math.max(1, Math.round(fifth / bigCourse)),
    bigCourse,
    // Besides managers: enough for each course to have distinct invitees.
    people: Math.max(fifth, 2 * SMALL_COURSE),
  };
}

// Returns a database of that size. Loads it if it does not exist.
export function load(gateway, invites) {
  const sizes = sizesOf(invites);
  const name = `bench_${invites}`;
  const database = new Database(name);
  const rows = statements(sizes);
  const version = createHash('md5').update(rows).digest('hex');
  if (exists(name) && database.sql("SELECT obj_description(to_regnamespace('bench'), 'pg_namespace')") === version) {
    // The gateway may have new migrations.
    migrate(gateway, database);
    database.sql('ANALYZE');
    return { database, sizes };
  }
  const started = performance.now();
  server.sql(`SET client_min_messages = warning; DROP DATABASE IF EXISTS ${name}`);
  server.sql(`CREATE DATABASE ${name}`);
  database.sql('CREATE EXTENSION pg_stat_statements; CREATE SCHEMA bench');
  migrate(gateway, database);
  // Autovacuum's transactions would keep VACUUM from marking pages as all-visible.
  setAutovacuum('off');
  database.sql(rows);
  database.sql('VACUUM (FREEZE, ANALYZE)');
  setAutovacuum('on');
  // Marks the load as complete.
  database.sql(`COMMENT ON SCHEMA bench IS '${version}'`);
  settle();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.error(`loaded ${invites} invites in ${seconds} s: ${JSON.stringify(sizes)}`);
  return { database, sizes };
}

function migrate(gateway, database) {
  execFileSync(gateway, ['migrate', 'up', '--database-url', database.url], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function setAutovacuum(value) {
  server.sql(`ALTER SYSTEM SET autovacuum = ${value}`);
  server.sql('SELECT pg_reload_conf()');
}

// Spreads instants over 300 days, with microseconds.
const instant = (from, n, count) =>
  `timestamptz '${from} 00:00:00Z' + ${n} * interval '${Math.floor((300 * 86_400e6) / count)} microseconds'`;

function statements(sizes) {
  const { codes, managers, workspaces, smallCourses, bigCourses, bigCourse, people } = sizes;
  // A user who is not a manager. Adjacent numbers give distant users.
  const person = (number) => `${managers} + 1 + ((${number}) * ${SPREAD}) % ${people}`;
  const inviter = (workspace, n) => person(`${workspace} * ${INVITERS_A_WORKSPACE} + ${n} % ${INVITERS_A_WORKSPACE}`);
  const courses = smallCourses + bigCourses;
  // Interleaves the invites of different courses, as in production.
  const smallInvites = smallCourses * SMALL_COURSE;
  const bigInvites = bigCourses * bigCourse;
  const workspaceInvites = workspaces * INVITES_A_WORKSPACE;
  return `
-- All references are valid. Skips the checks, which would take most of the time.
SET session_replication_role = replica;
SET synchronous_commit = off;
BEGIN;

INSERT INTO users (id, username, full_name, email, email_norm, avatar_url, is_verified, ext_id, is_staff, created_at, deleted_at)
SELECT id, 'user-' || id,
       (ARRAY['Ada','Grace','Linus','Margaret','Alan','Barbara','Edsger','Radia','Niklaus','Frances'])[1 + id % 10] || ' ' ||
       (ARRAY['Okafor','Lindqvist','Moreau','Tanaka','Silva','Novak','Haddad','Kowalska','Byrne','Ortiz','Weiss'])[1 + id % 11],
       'user-' || id || '@example.org', 'user-' || id || '@example.org',
       CASE WHEN id % 4 <> 0 THEN 'https://img.example.com/users/' || id || '.png' END,
       id % 3 <> 0 OR id <= ${managers}, 'crm-' || id, false,
       ${instant('2024-01-01', 'id', managers + people)},
       CASE WHEN id > ${managers} AND id % 200 = 0 THEN timestamptz '2026-06-01 00:00:00Z' END
FROM generate_series(1::bigint, ${managers + people}) id;

INSERT INTO tags (id, kind, name, description, color, visible, active, created_at, deleted_at)
SELECT id, (ARRAY['user','category','contribution'])[1 + id % 3], 'tag ' || left(md5('tag ' || id), 6),
       'What tag ' || id || ' means', '#' || left(md5('color ' || id), 6), true, id % 9 <> 0,
       timestamptz '2024-01-01 00:00:00Z', CASE WHEN id % 50 = 0 THEN timestamptz '2026-06-01 00:00:00Z' END
FROM generate_series(1::bigint, ${TAGS}) id;

INSERT INTO invite_codes (id, code, role, name, email, email_norm, invited_by_id, user_id, generated_at, sent_at, used_at, expires_at, cancelled_at)
SELECT id, upper(left(md5('code ' || id), 16)),
       (ARRAY['member','moderator','editor',NULL])[1 + id % 4],
       CASE WHEN id % 13 <> 0 THEN 'Invitee ' || id END,
       CASE WHEN id % 17 <> 0 THEN 'Invitee.' || id || '@example.net' END,
       CASE WHEN id % 17 <> 0 THEN 'invitee.' || id || '@example.net' END,
       CASE WHEN id % 50 <> 0 THEN ${person('id')} END,
       CASE WHEN id % 2 = 0 THEN ${person('id + 1')} END,
       made, made + interval '5 minutes',
       CASE WHEN id % 2 = 0 THEN made + interval '2 days' END,
       CASE WHEN id % 3 = 0 THEN timestamptz '2099-01-01 00:00:00Z' WHEN id % 3 = 1 THEN made + interval '30 days' END,
       CASE WHEN id % 21 = 0 THEN made + interval '1 day' END
FROM generate_series(1::bigint, ${codes}) id, LATERAL (SELECT ${instant('2025-01-01', 'id', codes)} AS made) instants;

INSERT INTO invite_code_tags (invite_code_id, tag_id)
SELECT id, 1 + CASE n WHEN 0 THEN id % ${TAGS} ELSE (id + 1 + id / ${TAGS} % ${TAGS - 2}) % ${TAGS} END
FROM generate_series(1::bigint, ${codes}) id, generate_series(0::bigint, 1) n;

INSERT INTO workspaces (id, name, description, logo_url, created_at)
SELECT id, 'Workspace ' || id, 'What workspace ' || id || ' is for',
       CASE WHEN id % 3 <> 0 THEN 'https://img.example.com/workspaces/' || id || '.png' END,
       timestamptz '2024-01-01 00:00:00Z'
FROM generate_series(1::bigint, ${workspaces}) id;

INSERT INTO workspace_members (workspace_id, user_id, role)
SELECT id, 1 + (id - 1) / ${WORKSPACES_A_MANAGER}, CASE WHEN id % 2 = 0 THEN 'owner' ELSE 'admin' END
FROM generate_series(1::bigint, ${workspaces}) id;
INSERT INTO workspace_members (workspace_id, user_id, role)
SELECT id, ${inviter('id', 'n')}, 'member'
FROM generate_series(1::bigint, ${workspaces}) id, generate_series(0::bigint, ${INVITERS_A_WORKSPACE - 1}) n;

INSERT INTO workspace_invites (id, workspace_id, inviter_id, email, email_norm, role, message, status, created_at, expires_at, accepted_at, accepted_by_id, cancelled_at)
SELECT n + 1, workspace, ${inviter('workspace', 'n_of_workspace')},
       'Guest.' || n || '@example.com', 'guest.' || n || '@example.com',
       (ARRAY['member','editor','viewer'])[1 + n % 3],
       CASE WHEN n % 2 = 0 THEN 'Come and join us, guest ' || n || '!' END,
       (ARRAY['pending','pending','pending','accepted','pending','cancelled','expired'])[1 + n % 7],
       made, CASE WHEN n % 5 = 0 THEN made + interval '30 days' ELSE timestamptz '2099-01-01 00:00:00Z' END,
       CASE WHEN n % 7 = 3 THEN made + interval '1 day' END, CASE WHEN n % 7 = 3 THEN ${person('n')} END,
       CASE WHEN n % 7 = 5 THEN made + interval '1 day' END
FROM generate_series(0::bigint, ${workspaceInvites - 1}) n,
     LATERAL (SELECT 1 + n % ${workspaces} AS workspace, n / ${workspaces} AS n_of_workspace,
                     ${instant('2025-06-01', 'n', workspaceInvites)} AS made) invite;
INSERT INTO invite_tokens (token_hash, invite_id, workspace_id, created_at)
SELECT sha256(uuid_send(md5('token ' || id - 1)::uuid)), id, workspace_id, created_at FROM workspace_invites;

INSERT INTO courses (id, slug, name, description, privacy, created_by_id, created_at)
SELECT id, CASE WHEN id <= ${smallCourses} THEN 'course-' || id ELSE 'big-course-' || id END, 'Course ' || id, 'What course ' || id || ' is about',
       CASE WHEN id % 10 = 0 THEN 'secret' ELSE 'private' END,
       CASE WHEN id % 2 = 1 THEN 1 + (id - 1) % ${managers} ELSE ${person('id')} END,
       timestamptz '2024-01-01 00:00:00Z'
FROM generate_series(1::bigint, ${courses}) id;

INSERT INTO course_members (course_id, user_id, role)
SELECT id, 1 + (id - 1) % ${managers}, 'manager' FROM generate_series(1::bigint, ${courses}) id WHERE id % 2 = 0;

CREATE TEMPORARY TABLE invited AS
SELECT 1 + n % ${smallCourses} AS course, n / ${smallCourses} AS n, ${person(`(1 + n % ${smallCourses}) * ${SMALL_COURSE} + n / ${smallCourses}`)} AS invitee,
       ${instant('2025-06-01', 'n', smallInvites)} AS made
FROM generate_series(0::bigint, ${smallInvites - 1}) n
UNION ALL
SELECT ${smallCourses} + 1 + n % ${bigCourses}, n / ${bigCourses}, ${person(`n % ${bigCourses} + n / ${bigCourses}`)},
       ${instant('2025-06-01', 'n', bigInvites)}
FROM generate_series(0::bigint, ${bigInvites - 1}) n;

INSERT INTO course_members (course_id, user_id, role)
SELECT course, invitee, 'joined' FROM invited WHERE n % 20 = 3;
-- The triggers that keep the status are off.
INSERT INTO course_invites (course_id, user_id, invited_by_id, created_at, accepted_at, cancelled_at, status)
SELECT course, invitee, 1 + (course - 1) % ${managers}, made,
       CASE WHEN n % 33 = 7 THEN made + interval '1 day' END, CASE WHEN n % 47 = 11 THEN made + interval '1 day' END,
       CASE WHEN deleted_at IS NOT NULL THEN NULL WHEN n % 33 = 7 OR n % 20 = 3 THEN 'accepted'
            WHEN n % 47 = 11 THEN 'cancelled' ELSE 'pending' END
FROM invited JOIN users ON users.id = invitee ORDER BY made;

COMMIT;`;
}

// Parameters of the queries.
export const codeOf = (id) => createHash('md5').update(`code ${id}`).digest('hex').slice(0, 16).toUpperCase();
export const managerOfCourse = (id, sizes) => 1 + ((id - 1) % sizes.managers);
export const smallCourseSlug = (id) => `course-${id}`;
export const bigCourseSlug = (id) => `big-course-${id}`;

// Returns at most `most` distinct numbers of 1 to `count`, evenly spread, in an order that gives no
// locality.
export function some(count, most) {
  const length = Math.min(count, most);
  const step = [SPREAD, 7907, 7901].find((prime) => length % prime !== 0);
  return Array.from({ length }, (_, n) => 1 + Math.floor((((n * step) % length) * count) / length));
}
