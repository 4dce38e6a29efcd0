-- What others see of a run: what is in flight, what its body logged, and how long its earlier drivers took.

-- For looking only: nothing is decided by it.
CREATE TABLE in_flight (
    run_id INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,
    tasks TEXT NOT NULL                 -- JSON: a list of (number in the run, name, status, since, attempt, executor)
);

-- What the flow's own body logged: a driver calls it anew, so that each begins with none.
CREATE TABLE run_metric (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    name TEXT NOT NULL,
    step INTEGER NOT NULL,              -- the smallest integer: none
    at REAL NOT NULL,
    value REAL                          -- NULL: not a number
);
CREATE INDEX run_metric_by_run ON run_metric (run_id);

ALTER TABLE driver ADD COLUMN ended_at REAL;    -- or its last sign of life; NULL: it is the latest, or nobody noted it

DROP VIEW run_row;
CREATE VIEW run_row AS
SELECT run.id, run.flow, run.number, run.status, run.created_at, run.started_at, run.ended_at,
    lease.token, lease.renewals, lease.renewed_monotonic, lease.renewed_at, lease.host, lease.boot_id, lease.pid,
    lease.process_started, lease.cancel_requested, lease.counts,
    (SELECT group_concat(tag, char(10)) FROM tag WHERE tag.run_id = run.id) AS tags, run.nonce,
    (SELECT sum(max(0, ended_at - started_at)) FROM driver WHERE driver.run_id = run.id) AS earlier_s
FROM run JOIN lease ON lease.run_id = run.id;
