-- A run has a name that no other run has anywhere, tasks know the order in which they settled, and no row is left that
-- refers to a run or a task that is not there. Tables are made anew for their foreign keys: what they held is put aside
-- first, since renaming a table takes SQLite the longest, and each new journal comes this way.

ALTER TABLE run ADD COLUMN nonce TEXT;          -- random; NULL: a run of an older Penstock that was not resumed since

DROP VIEW task_row;

CREATE TEMP TABLE old_step AS
SELECT id, (SELECT run.id FROM run WHERE run.id = run_id), step, name, source, cached FROM step;
DROP TABLE step;
CREATE TABLE step (
    id INTEGER PRIMARY KEY,
    run_id INTEGER REFERENCES run ON DELETE SET NULL,   -- NULL: its run was removed, and its tasks are about to be
    step TEXT NOT NULL,                 -- module-qualified name
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    cached INTEGER,                     -- 1: its results serve other runs; NULL: no
    UNIQUE (run_id, step)
);
INSERT INTO step SELECT * FROM old_step;
DROP TABLE old_step;
CREATE INDEX step_by_name ON step (step, run_id);

CREATE TEMP TABLE old_task AS
SELECT id, step_id, number, status, attempt, delivered,
    CASE WHEN status != 'running'
        THEN row_number() OVER (PARTITION BY id >> 32 ORDER BY status = 'running', began_at + wall_s, id) END,
    began_at, wall_s, cpu_s, peak_bytes, read_bytes, written_bytes, size, key, digest, inputs_digest, shared, worker,
    log_file, log_start, log_end, culprit, preview, blobs, error, inputs, record, code, origin, why, symbols
FROM task WHERE step_id IN (SELECT id FROM step);
DROP TABLE task;
CREATE TABLE task (
    id INTEGER PRIMARY KEY,
    step_id INTEGER NOT NULL REFERENCES step,
    number INTEGER NOT NULL,
    status TEXT NOT NULL,
    attempt INTEGER,                    -- NULL: 1
    delivered INTEGER,                  -- 1: its failure was handed to the flow's body; NULL: no
    settled INTEGER,                    -- its place in the order in which its run's tasks settled; NULL: it has not
    began_at REAL,
    wall_s REAL,
    cpu_s REAL,
    peak_bytes INTEGER,                 -- NULL: 0, as in the next two
    read_bytes INTEGER,
    written_bytes INTEGER,
    size INTEGER,                       -- of the result; NULL: there is none
    key BLOB NOT NULL,
    digest BLOB,                        -- of the result; NULL: no result, or one without a stable form
    inputs_digest BLOB,                 -- NULL: unknown
    shared BLOB,                        -- shared_inputs.digest; NULL: none
    worker TEXT,
    log_file TEXT,                      -- NULL: nothing was logged
    log_start INTEGER,
    log_end INTEGER,
    culprit TEXT,
    preview TEXT,
    blobs BLOB,                         -- digests of the result's blobs, one after another
    error BLOB,                         -- wire: error
    inputs BLOB,                        -- wire: inputs, without trailing defaults
    record BLOB,
    code INTEGER,                       -- code.id; NULL: unknown
    origin TEXT,                        -- the task of another run whose result it took over; NULL: it ran
    why TEXT,                           -- why it ran; NULL: the rows tell
    symbols TEXT                        -- of the project inside the result, a line each; NULL: none
);
INSERT INTO task SELECT * FROM old_task;
DROP TABLE old_task;
CREATE INDEX task_by_step ON task (step_id, number, status);

CREATE TEMP TABLE old_attempt AS SELECT task_id, number, outcome FROM attempt WHERE task_id IN (SELECT id FROM task);
DROP TABLE attempt;
CREATE TABLE attempt (
    task_id INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
    number INTEGER NOT NULL,
    outcome BLOB NOT NULL,              -- wire: outcome, without its metrics
    PRIMARY KEY (task_id, number)
) WITHOUT ROWID;
INSERT INTO attempt SELECT * FROM old_attempt;
DROP TABLE old_attempt;

CREATE TEMP TABLE old_metric AS
SELECT task_id, attempt, name, step, at, value FROM metric WHERE task_id IN (SELECT id FROM task);
DROP TABLE metric;
CREATE TABLE metric (
    task_id INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    name TEXT NOT NULL,
    step INTEGER NOT NULL,              -- the smallest integer: none
    at REAL NOT NULL,
    value REAL,                         -- NULL: not a number
    PRIMARY KEY (task_id, attempt, name, step, at)
) WITHOUT ROWID;
INSERT INTO metric SELECT * FROM old_metric;
DROP TABLE old_metric;

CREATE TEMP TABLE old_tag AS SELECT run_id, tag FROM tag WHERE run_id IN (SELECT id FROM run);
DROP VIEW run_row;
DROP TABLE tag;
CREATE TABLE tag (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (run_id, tag)
) WITHOUT ROWID;
INSERT INTO tag SELECT * FROM old_tag;
DROP TABLE old_tag;

CREATE TEMP TABLE old_shared_inputs AS
SELECT run_id, digest, inputs FROM shared_inputs WHERE run_id IN (SELECT id FROM run);
DROP TABLE shared_inputs;
CREATE TABLE shared_inputs (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    digest BLOB NOT NULL,               -- BLAKE2b of the bytes, 16 bytes
    inputs BLOB NOT NULL,               -- wire: inputs
    PRIMARY KEY (run_id, digest)
) WITHOUT ROWID;
INSERT INTO shared_inputs SELECT * FROM old_shared_inputs;
DROP TABLE old_shared_inputs;

CREATE TEMP TABLE old_run_blob AS SELECT run_id, digest FROM run_blob WHERE run_id IN (SELECT id FROM run);
DROP TABLE run_blob;
CREATE TABLE run_blob (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    digest BLOB NOT NULL,
    PRIMARY KEY (run_id, digest)
) WITHOUT ROWID;
INSERT INTO run_blob SELECT * FROM old_run_blob;
DROP TABLE old_run_blob;

CREATE TEMP TABLE old_run_environment AS
SELECT run_id, wish, digest FROM run_environment WHERE run_id IN (SELECT id FROM run);
DROP TABLE run_environment;
CREATE TABLE run_environment (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    wish TEXT NOT NULL,                 -- digest of what was asked for
    digest TEXT NOT NULL,               -- of the lock that was made of it
    PRIMARY KEY (run_id, wish)
) WITHOUT ROWID;
INSERT INTO run_environment SELECT * FROM old_run_environment;
DROP TABLE old_run_environment;

CREATE TEMP TABLE old_cache_claim AS
SELECT key, run_id, token, task FROM cache_claim WHERE run_id IN (SELECT id FROM run);
DROP TABLE cache_claim;
CREATE TABLE cache_claim (
    key BLOB PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    token INTEGER NOT NULL,
    task TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO cache_claim SELECT * FROM old_cache_claim;
DROP TABLE old_cache_claim;
CREATE INDEX cache_claim_by_run ON cache_claim (run_id);

CREATE TEMP TABLE old_cache_blob AS SELECT cache_id, digest FROM cache_blob WHERE cache_id IN (SELECT id FROM cache);
DROP TABLE cache_blob;
CREATE TABLE cache_blob (
    cache_id INTEGER NOT NULL REFERENCES cache ON DELETE CASCADE,
    digest BLOB NOT NULL,
    PRIMARY KEY (cache_id, digest)
) WITHOUT ROWID;
INSERT INTO cache_blob SELECT * FROM old_cache_blob;
DROP TABLE old_cache_blob;

CREATE VIEW run_row AS
SELECT run.id, run.flow, run.number, run.status, run.created_at, run.started_at, run.ended_at,
    lease.token, lease.renewals, lease.renewed_monotonic, lease.renewed_at, lease.host, lease.boot_id, lease.pid,
    lease.process_started, lease.cancel_requested, lease.counts,
    (SELECT group_concat(tag, char(10)) FROM tag WHERE tag.run_id = run.id) AS tags, run.nonce
FROM run JOIN lease ON lease.run_id = run.id;

CREATE VIEW task_row AS
SELECT task.id, step.step, step.name, task.number, task.status, task.attempt, task.delivered, task.key,
    task.inputs_digest, task.worker, task.began_at, task.wall_s, task.cpu_s, task.peak_bytes, task.read_bytes,
    task.written_bytes, task.log_file, task.log_start, task.log_end, task.size, task.digest, task.record, task.preview,
    task.blobs, task.culprit, task.error, task.symbols, task.origin, task.why, code.digest AS code, task.step_id
FROM task JOIN step ON step.id = task.step_id LEFT JOIN code ON code.id = task.code;
