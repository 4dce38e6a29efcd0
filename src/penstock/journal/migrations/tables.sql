-- What the migrations make of an empty file, in one go: a new journal comes this way, in a quarter of their time. A test
-- compares the two. NULL in a column stands for the default that its comment names; values are `wire` bytes where a
-- comment says so (docs/formats.md); digests are 33 bytes.

PRAGMA user_version = 17;               -- of the migrations that are in it; later ones are applied to it

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
    ended_at REAL,                      -- NULL: not ended
    nonce TEXT,                         -- random; NULL: a run of an older Penstock that was not resumed since
    revision INTEGER NOT NULL DEFAULT 0,    -- of all runs, when a listing of it changed last
    name TEXT,                          -- NULL: none
    note TEXT                           -- NULL: none
);
CREATE UNIQUE INDEX run_by_flow ON run (flow, number);
CREATE INDEX run_live ON run (id) WHERE status = 'running';
CREATE INDEX run_by_revision ON run (revision);

-- What has changed since somebody looked: see run.revision, which the triggers below keep, and task.revision.
CREATE TABLE revision (
    latest INTEGER NOT NULL,            -- of all runs
    removed INTEGER NOT NULL            -- when a run was removed last
);
INSERT INTO revision VALUES (0, 0);

CREATE TABLE run_detail (
    run_id INTEGER PRIMARY KEY,
    module TEXT NOT NULL,
    qualname TEXT NOT NULL,
    file TEXT NOT NULL,
    params BLOB,                        -- wire: ((name, stored), ...); NULL: none
    result BLOB,                        -- wire: stored
    error BLOB,                         -- wire: error
    origin BLOB,                        -- wire: origin; NULL: no fork
    seed TEXT,                          -- in digits; NULL: none
    form INTEGER NOT NULL DEFAULT 1,
    schema TEXT                         -- JSON Schema of the flow's parameters; NULL: unknown
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
    ended_at REAL,                      -- or its last sign of life; NULL: it is the latest, or nobody noted it
    PRIMARY KEY (run_id, token)
) WITHOUT ROWID;

-- Most runs of a project have the same packages.
CREATE TABLE package_set (
    digest BLOB PRIMARY KEY,            -- BLAKE2b, 16 bytes
    packages BLOB NOT NULL              -- wire: ((name, version), ...)
);
CREATE INDEX driver_by_packages ON driver (packages);

-- Fingerprints of code, each once. A tree is packed by `environments`.
CREATE TABLE code (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    tree BLOB NOT NULL
);

CREATE TABLE cache (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    content BLOB NOT NULL,              -- the key without its code
    step TEXT NOT NULL,
    code INTEGER NOT NULL,              -- code.id
    task TEXT NOT NULL,                 -- that made it
    stored_at REAL NOT NULL,
    used_at REAL NOT NULL,
    size INTEGER NOT NULL,              -- of the result, in bytes
    result BLOB NOT NULL,               -- wire: stored
    metrics BLOB,                       -- wire: (metric, ...); NULL: none
    records BLOB                        -- wire: (recorded, ...); NULL: none
);
CREATE INDEX cache_by_content ON cache (content);
CREATE INDEX cache_by_step ON cache (step, stored_at);

CREATE TABLE environment (
    digest TEXT PRIMARY KEY,            -- of the lock
    lock TEXT NOT NULL                  -- as `environments` writes it
) WITHOUT ROWID;

CREATE TABLE step (
    id INTEGER PRIMARY KEY,
    run_id INTEGER REFERENCES run ON DELETE SET NULL,   -- NULL: its run was removed, and its tasks are about to be
    step TEXT NOT NULL,                 -- module-qualified name
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    cached INTEGER,                     -- 1: its results serve other runs; NULL: no
    granted INTEGER,                    -- granted.id, as it was called first; NULL: unknown
    UNIQUE (run_id, step)
);
CREATE INDEX step_by_name ON step (step, run_id);

-- id is run.id << 32 | the task's number in its run, so that a run's tasks lie together in the order of the calls.
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
    symbols TEXT,                       -- of the project inside the result, a line each; NULL: none
    revision INTEGER,                   -- its place in the order of its run's changes; NULL: its number in its run
    scope INTEGER,                      -- scope.id of the nested flow that called it; NULL: the run's own flow
    map INTEGER,                        -- number of the first task of its map; NULL: it was called alone
    layout TEXT,                        -- JSON: where the columns of the result lie; NULL: it is no array or table
    granted INTEGER,                    -- granted.id, of this attempt; NULL: it was not started, or unknown
    waited_ms INTEGER                   -- until this attempt began, since its call or the one before; NULL: unknown
);
CREATE INDEX task_by_step ON task (step_id, number, status, revision);
-- Who made a value. Not of what is small: an entry would cost its task a tenth of what it takes in all.
CREATE INDEX task_by_digest ON task (digest) WHERE blobs IS NOT NULL;
-- For what is counted: nearly all tasks are done, ran and were called by the run's own flow, and stand in none of these.
CREATE INDEX task_undone ON task (step_id, status) WHERE status <> 'done';
CREATE INDEX task_copied ON task (step_id) WHERE origin IS NOT NULL;
CREATE INDEX task_in_scope ON task (step_id, scope, status) WHERE scope IS NOT NULL;
CREATE INDEX task_first_of_map ON task (step_id) WHERE map = (id & 4294967295);

-- Attempts that failed and were tried again.
CREATE TABLE attempt (
    task_id INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
    number INTEGER NOT NULL,
    outcome BLOB NOT NULL,              -- wire: outcome, without its metrics
    granted INTEGER,                    -- granted.id; NULL: unknown
    PRIMARY KEY (task_id, number)
) WITHOUT ROWID;

-- What attempts were given. Few, and shared by all runs: none is ever removed.
CREATE TABLE granted (
    id INTEGER PRIMARY KEY,
    executor TEXT NOT NULL,
    cpu REAL NOT NULL,
    memory_bytes INTEGER NOT NULL,      -- 0: not limited
    gpu INTEGER NOT NULL,
    timeout_s REAL NOT NULL,            -- 0: any time
    lanes INTEGER NOT NULL,             -- at once, each with all of this
    UNIQUE (executor, cpu, memory_bytes, gpu, timeout_s, lanes)
);

-- Where an attempt was started that outlives its driver: whoever drives the run next asks for it there.
CREATE TABLE intent (
    task_id INTEGER PRIMARY KEY REFERENCES task ON DELETE CASCADE,
    attempt INTEGER NOT NULL,           -- the latest; an earlier one is over
    executor TEXT NOT NULL,
    handle TEXT                         -- by which the executor finds it; NULL: its id is enough, or nothing was said
);

-- What each try of an attempt has logged under a name. Tries of one attempt are those of several drivers.
CREATE TABLE metric (
    task_id INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    driver INTEGER NOT NULL,            -- under which it was logged; 0: by a Penstock that did not note it
    name TEXT NOT NULL,
    points INTEGER NOT NULL,            -- how many
    last REAL,                          -- by time; NULL: NaN, as in the other numbers
    last_step INTEGER,                  -- NULL: none
    last_at REAL NOT NULL,
    first REAL,
    first_step INTEGER,
    first_at REAL NOT NULL,
    smallest REAL,
    largest REAL,
    nonfinite INTEGER NOT NULL,         -- how many are NaN or infinite
    least_step INTEGER,                 -- the smallest of the steps; NULL: one of them has none
    file TEXT,                          -- of the points, among the run's logs; "rows": they are in old_point; NULL: none
    blob BLOB,                          -- of the points; NULL: none
    size INTEGER,                       -- of the blob
    PRIMARY KEY (task_id, attempt, driver, name)
) WITHOUT ROWID;

-- Points that older versions kept in rows, which nothing is added to.
CREATE TABLE old_point (
    task_id INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    name TEXT NOT NULL,
    step INTEGER NOT NULL,              -- the smallest integer: none
    at REAL NOT NULL,
    value REAL,                         -- NULL: not a number
    PRIMARY KEY (task_id, attempt, name, step, at)
) WITHOUT ROWID;

CREATE TABLE old_run_point (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    name TEXT NOT NULL,
    step INTEGER NOT NULL,              -- the smallest integer: none
    at REAL NOT NULL,
    value REAL                          -- NULL: not a number
);
CREATE INDEX old_run_point_by_run ON old_run_point (run_id);

CREATE TABLE recorded (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    task INTEGER NOT NULL,              -- its number in the run, or that of a nested flow; 0: the flow's own body
    kind TEXT NOT NULL,                 -- display, tag, name, note
    name TEXT NOT NULL,
    step INTEGER NOT NULL,              -- of the series that all of this name are; the smallest integer: none
    driver INTEGER NOT NULL,            -- under which it was recorded
    at REAL NOT NULL,
    data TEXT NOT NULL,                 -- JSON
    stored BLOB,                        -- wire: (stored, ...); NULL: none
    UNIQUE (run_id, task, kind, name, step)
);
CREATE INDEX recorded_by_kind ON recorded (kind, name);

CREATE TABLE tag (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (run_id, tag)
) WITHOUT ROWID;
CREATE INDEX tag_by_tag ON tag (tag);

-- What runs are looked for by. Scalar parameters, as their previews show them.
CREATE TABLE param (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    name TEXT NOT NULL,
    type TEXT NOT NULL,                 -- int, float, bool, str, NoneType; enum: the name of a member; path
    value,                              -- NULL: None, or not a number
    PRIMARY KEY (run_id, name)
) WITHOUT ROWID;
CREATE INDEX param_by_name ON param (name, value);

-- What counts of all that the tasks of a step logged under a name. Values: NULL: not a number.
CREATE TABLE metric_fact (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    name TEXT NOT NULL,
    step TEXT NOT NULL,                 -- step.name; '': the flow's own body
    first REAL,                         -- of the first of its tasks
    first_task INTEGER NOT NULL,        -- its number in the run
    last REAL,                          -- by time
    last_at REAL NOT NULL,
    last_task INTEGER NOT NULL,
    smallest REAL,
    largest REAL,
    PRIMARY KEY (run_id, name, step)
) WITHOUT ROWID;
CREATE INDEX metric_fact_by_name ON metric_fact (name, step, last);

-- The `same` arguments of a map, once for all its tasks.
CREATE TABLE shared_inputs (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    digest BLOB NOT NULL,               -- BLAKE2b of the bytes, 16 bytes
    inputs BLOB NOT NULL,               -- wire: inputs
    PRIMARY KEY (run_id, digest)
) WITHOUT ROWID;

-- Blobs that a run's records refer to, for gc.
CREATE TABLE run_blob (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    digest BLOB NOT NULL,
    PRIMARY KEY (run_id, digest)
) WITHOUT ROWID;

-- What the steps of a run were run with, so that a resume and a fork get the same versions.
CREATE TABLE run_environment (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    wish TEXT NOT NULL,                 -- digest of what was asked for
    digest TEXT NOT NULL,               -- of the lock that was made of it
    PRIMARY KEY (run_id, wish)
) WITHOUT ROWID;

-- Who makes a result that others wait for. Void where the run has another token, or nobody drives it.
CREATE TABLE cache_claim (
    key BLOB PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    token INTEGER NOT NULL,
    task TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX cache_claim_by_run ON cache_claim (run_id);

-- Blobs that cached results refer to, for gc.
CREATE TABLE cache_blob (
    cache_id INTEGER NOT NULL REFERENCES cache ON DELETE CASCADE,
    digest BLOB NOT NULL,
    PRIMARY KEY (cache_id, digest)
) WITHOUT ROWID;

-- Nested flows. Their ids are numbers among those of the run's tasks.
CREATE TABLE scope (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    id INTEGER NOT NULL,
    parent INTEGER NOT NULL,            -- scope.id; 0: the run's own flow
    flow TEXT NOT NULL,                 -- module-qualified name
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    key BLOB NOT NULL,
    status TEXT NOT NULL,
    inputs BLOB,                        -- wire: inputs, without trailing defaults
    began_at REAL NOT NULL,
    ended_at REAL NOT NULL,             -- 0: it has not
    result BLOB,                        -- wire: stored
    error BLOB,                         -- wire: error
    settled INTEGER NOT NULL,           -- as a task's; 0: its caller has waited
    PRIMARY KEY (run_id, id)
) WITHOUT ROWID;

-- Why a value is kept beyond the run that made it.
CREATE TABLE pin (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    made_at REAL NOT NULL,
    value BLOB NOT NULL                 -- wire: stored
);

-- Blobs that pinned values refer to, for gc.
CREATE TABLE pin_blob (
    pin_id INTEGER NOT NULL REFERENCES pin ON DELETE CASCADE,
    digest BLOB NOT NULL,
    PRIMARY KEY (pin_id, digest)
) WITHOUT ROWID;

-- A project's folder in a far tier, which this journal has owned, or owns: the last one of its URL.
CREATE TABLE far_place (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    project TEXT NOT NULL,              -- name of the folder there
    mark TEXT NOT NULL,                 -- what this journal has written there last, to own it; '' nothing
    next_mark TEXT NOT NULL,            -- what was about to be written in the place of that
    UNIQUE (url, project)
);

-- What readers see of a task and of a run.
CREATE VIEW task_row AS
SELECT task.id, step.step, step.name, task.number, task.status, task.attempt, task.delivered, task.key,
    task.inputs_digest, task.worker, task.began_at, task.wall_s, task.cpu_s, task.peak_bytes, task.read_bytes,
    task.written_bytes, task.log_file, task.log_start, task.log_end, task.size, task.digest, task.record, task.preview,
    task.blobs, task.culprit, task.error, task.symbols, task.origin, task.why, code.digest AS code, task.step_id,
    coalesce(task.revision, task.id & 4294967295) AS revision, task.layout, task.waited_ms,
    granted.executor, granted.cpu, granted.memory_bytes, granted.gpu, granted.timeout_s, granted.lanes
FROM task JOIN step ON step.id = task.step_id LEFT JOIN code ON code.id = task.code
    LEFT JOIN granted ON granted.id = task.granted;

-- For looking only: nothing is decided by it.
CREATE TABLE in_flight (
    run_id INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,
    tasks TEXT NOT NULL                 -- JSON: a list of `InFlight` (model/rows.py)
);

-- What the flow's own body logged: a driver calls it anew, so that each begins with none.
CREATE TABLE run_metric (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    driver INTEGER NOT NULL,            -- under which it was logged; 0: by a Penstock that did not note it
    name TEXT NOT NULL,
    points INTEGER NOT NULL,            -- how many
    last REAL,                          -- by time; NULL: NaN, as in the other numbers
    last_step INTEGER,                  -- NULL: none
    last_at REAL NOT NULL,
    first REAL,
    first_step INTEGER,
    first_at REAL NOT NULL,
    smallest REAL,
    largest REAL,
    nonfinite INTEGER NOT NULL,         -- how many are NaN or infinite
    least_step INTEGER,                 -- the smallest of the steps; NULL: one of them has none
    file TEXT,                          -- of the points, among the run's logs; "rows": they are in old_run_point; NULL: none
    blob BLOB,                          -- of the points; NULL: none
    size INTEGER,                       -- of the blob
    PRIMARY KEY (run_id, driver, name)
) WITHOUT ROWID;

CREATE VIEW run_row AS
SELECT run.id, run.flow, run.number, run.status, run.created_at, run.started_at, run.ended_at,
    lease.token, lease.renewals, lease.renewed_monotonic, lease.renewed_at, lease.host, lease.boot_id, lease.pid,
    lease.process_started, lease.cancel_requested, lease.counts,
    (SELECT group_concat(tag, char(10)) FROM tag WHERE tag.run_id = run.id) AS tags, run.nonce,
    (SELECT sum(max(0, ended_at - started_at)) FROM driver WHERE driver.run_id = run.id) AS earlier_s, run.revision,
    run.name, run.note
FROM run JOIN lease ON lease.run_id = run.id;

CREATE TRIGGER run_began AFTER INSERT ON run BEGIN
    UPDATE revision SET latest = latest + 1;
    UPDATE run SET revision = (SELECT latest FROM revision) WHERE id = NEW.id;
END;

CREATE TRIGGER run_changed AFTER UPDATE OF status, name, note ON run BEGIN
    UPDATE revision SET latest = latest + 1;
    UPDATE run SET revision = (SELECT latest FROM revision) WHERE id = NEW.id;
END;

CREATE TRIGGER lease_changed AFTER UPDATE ON lease BEGIN
    UPDATE revision SET latest = latest + 1;
    UPDATE run SET revision = (SELECT latest FROM revision) WHERE id = NEW.run_id;
END;

CREATE TRIGGER tag_added AFTER INSERT ON tag BEGIN
    UPDATE revision SET latest = latest + 1;
    UPDATE run SET revision = (SELECT latest FROM revision) WHERE id = NEW.run_id;
END;

CREATE TRIGGER tag_removed AFTER DELETE ON tag BEGIN
    UPDATE revision SET latest = latest + 1;
    UPDATE run SET revision = (SELECT latest FROM revision) WHERE id = OLD.run_id;
END;

CREATE TRIGGER run_removed AFTER DELETE ON run BEGIN
    UPDATE revision SET latest = latest + 1, removed = latest + 1;
END;
