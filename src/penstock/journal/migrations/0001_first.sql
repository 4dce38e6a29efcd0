-- Runs, tasks and attempts. NULL in a column stands for the default that its comment names.
-- Values are `wire` bytes where a comment says so (docs/formats.md); digests are 33 bytes.

-- The last number given to a run of a flow, so that none is given twice, even after `rm`.
CREATE TABLE flow (
    name TEXT PRIMARY KEY,
    last_number INTEGER NOT NULL
) WITHOUT ROWID;

-- What a listing shows. AUTOINCREMENT: a removed run's id must never name another run to a driver that wakes late.
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    flow TEXT NOT NULL,
    number INTEGER NOT NULL,
    status TEXT NOT NULL,
    created_at REAL NOT NULL,
    started_at REAL NOT NULL,           -- of the latest driver
    ended_at REAL                       -- NULL: not ended
);
CREATE UNIQUE INDEX run_by_flow ON run (flow, number);
CREATE INDEX run_live ON run (id) WHERE status = 'running';

CREATE TABLE run_detail (
    run_id INTEGER PRIMARY KEY,
    module TEXT NOT NULL,
    qualname TEXT NOT NULL,
    file TEXT NOT NULL,
    params BLOB,                        -- wire: ((name, stored), ...); NULL: none
    result BLOB,                        -- wire: stored
    error BLOB                          -- wire: error
);

-- Who drives a run, or drove it last. The token grows with each driver; a write with an older one is refused.
CREATE TABLE lease (
    run_id INTEGER PRIMARY KEY,
    token INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL,
    renewals INTEGER NOT NULL,
    renewed_monotonic REAL NOT NULL,    -- the owner's CLOCK_MONOTONIC
    renewed_at REAL NOT NULL,
    host TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process_started TEXT NOT NULL,
    counts TEXT                         -- JSON: [[step, waiting, running, done, failed, reused], ...]; NULL: unknown
);

CREATE TABLE driver (
    run_id INTEGER NOT NULL,
    token INTEGER NOT NULL,
    started_at REAL NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    snapshot TEXT NOT NULL,
    python TEXT NOT NULL,
    packages BLOB,                      -- package_set.digest; NULL: none known
    argv BLOB,                          -- wire: (word, ...)
    cwd TEXT NOT NULL,
    PRIMARY KEY (run_id, token)
) WITHOUT ROWID;

-- Most runs of a project have the same packages.
CREATE TABLE package_set (
    digest BLOB PRIMARY KEY,            -- BLAKE2b, 16 bytes
    packages BLOB NOT NULL              -- wire: ((name, version), ...)
);
CREATE INDEX driver_by_packages ON driver (packages);

CREATE TABLE tag (
    run_id INTEGER NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (run_id, tag)
) WITHOUT ROWID;

CREATE TABLE step (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL,
    step TEXT NOT NULL,                 -- module-qualified name
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    UNIQUE (run_id, step)
);

-- id is run.id << 32 | the task's number in its run, so that a run's tasks lie together in the order of the calls.
CREATE TABLE task (
    id INTEGER PRIMARY KEY,
    step_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    status TEXT NOT NULL,
    attempt INTEGER,                    -- NULL: 1
    delivered INTEGER,                  -- 1: its failure was handed to the flow's body; NULL: no
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
    record BLOB
);
CREATE INDEX task_by_step ON task (step_id, number, status);

-- The `same` arguments of a map, once for all its tasks.
CREATE TABLE shared_inputs (
    run_id INTEGER NOT NULL,
    digest BLOB NOT NULL,               -- BLAKE2b of the bytes, 16 bytes
    inputs BLOB NOT NULL,               -- wire: inputs
    PRIMARY KEY (run_id, digest)
) WITHOUT ROWID;

-- Attempts that failed and were tried again.
CREATE TABLE attempt (
    task_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    outcome BLOB NOT NULL,              -- wire: outcome, without its metrics
    PRIMARY KEY (task_id, number)
) WITHOUT ROWID;

CREATE TABLE metric (
    task_id INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    name TEXT NOT NULL,
    step INTEGER NOT NULL,              -- the smallest integer: none
    at REAL NOT NULL,
    value REAL,                         -- NULL: not a number
    PRIMARY KEY (task_id, attempt, name, step, at)
) WITHOUT ROWID;

-- Blobs that a run's records refer to, for gc.
CREATE TABLE run_blob (
    run_id INTEGER NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (run_id, digest)
) WITHOUT ROWID;

-- What readers see of a run and of a task.
CREATE VIEW run_row AS
SELECT run.id, run.flow, run.number, run.status, run.created_at, run.started_at, run.ended_at,
    lease.token, lease.renewals, lease.renewed_monotonic, lease.renewed_at, lease.host, lease.boot_id, lease.pid,
    lease.process_started, lease.cancel_requested, lease.counts,
    (SELECT group_concat(tag, char(10)) FROM tag WHERE tag.run_id = run.id) AS tags
FROM run JOIN lease ON lease.run_id = run.id;

CREATE VIEW task_row AS
SELECT task.id, step.step, step.name, task.number, task.status, task.attempt, task.delivered, task.key,
    task.inputs_digest, task.worker, task.began_at, task.wall_s, task.cpu_s, task.peak_bytes, task.read_bytes,
    task.written_bytes, task.log_file, task.log_start, task.log_end, task.size, task.digest, task.record, task.preview,
    task.blobs, task.culprit, task.error, task.step_id
FROM task JOIN step ON step.id = task.step_id;
