-- What tasks and the bodies of flows have recorded on purpose, and what runs are called.

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

ALTER TABLE cache ADD COLUMN records BLOB;      -- wire: (recorded, ...); NULL: none
ALTER TABLE run ADD COLUMN name TEXT;           -- NULL: none
ALTER TABLE run ADD COLUMN note TEXT;           -- NULL: none

DROP VIEW run_row;
CREATE VIEW run_row AS
SELECT run.id, run.flow, run.number, run.status, run.created_at, run.started_at, run.ended_at,
    lease.token, lease.renewals, lease.renewed_monotonic, lease.renewed_at, lease.host, lease.boot_id, lease.pid,
    lease.process_started, lease.cancel_requested, lease.counts,
    (SELECT group_concat(tag, char(10)) FROM tag WHERE tag.run_id = run.id) AS tags, run.nonce,
    (SELECT sum(max(0, ended_at - started_at)) FROM driver WHERE driver.run_id = run.id) AS earlier_s, run.revision,
    run.name, run.note
FROM run JOIN lease ON lease.run_id = run.id;

DROP TRIGGER run_changed;
CREATE TRIGGER run_changed AFTER UPDATE OF status, name, note ON run BEGIN
    UPDATE revision SET latest = latest + 1;
    UPDATE run SET revision = (SELECT latest FROM revision) WHERE id = NEW.id;
END;
