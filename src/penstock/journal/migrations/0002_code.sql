-- What code made a result, results that serve other runs, and runs that come from others.

-- Fingerprints of code, each once. A tree is packed by `environments`.
CREATE TABLE code (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    tree BLOB NOT NULL
);

ALTER TABLE task ADD COLUMN code INTEGER;       -- code.id; NULL: unknown
ALTER TABLE task ADD COLUMN origin TEXT;        -- the task of another run whose result it took over; NULL: it ran
ALTER TABLE task ADD COLUMN why TEXT;           -- why it ran; NULL: the rows tell
ALTER TABLE task ADD COLUMN symbols TEXT;       -- of the project inside the result, a line each; NULL: none
ALTER TABLE step ADD COLUMN cached INTEGER;     -- 1: its results serve other runs; NULL: no
CREATE INDEX step_by_name ON step (step, run_id);
ALTER TABLE run_detail ADD COLUMN origin BLOB;  -- wire: origin; NULL: no fork

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
    metrics BLOB                        -- wire: (metric, ...); NULL: none
);
CREATE INDEX cache_by_content ON cache (content);
CREATE INDEX cache_by_step ON cache (step, stored_at);

-- Who makes a result that others wait for. Void where the run has another token, or nobody drives it.
CREATE TABLE cache_claim (
    key BLOB PRIMARY KEY,
    run_id INTEGER NOT NULL,
    token INTEGER NOT NULL,
    task TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX cache_claim_by_run ON cache_claim (run_id);

-- Blobs that cached results refer to, for gc.
CREATE TABLE cache_blob (
    cache_id INTEGER NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (cache_id, digest)
) WITHOUT ROWID;

DROP VIEW task_row;
CREATE VIEW task_row AS
SELECT task.id, step.step, step.name, task.number, task.status, task.attempt, task.delivered, task.key,
    task.inputs_digest, task.worker, task.began_at, task.wall_s, task.cpu_s, task.peak_bytes, task.read_bytes,
    task.written_bytes, task.log_file, task.log_start, task.log_end, task.size, task.digest, task.record, task.preview,
    task.blobs, task.culprit, task.error, task.symbols, task.origin, task.why, code.digest AS code, task.step_id
FROM task JOIN step ON step.id = task.step_id LEFT JOIN code ON code.id = task.code;
