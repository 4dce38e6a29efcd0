-- What has changed since somebody looked. A run's rows are numbered anew with each change that a listing shows, in the
-- order of the commits; so is a task by its run's driver, which alone writes tasks.
CREATE TABLE revision (
    latest INTEGER NOT NULL,            -- of all runs
    removed INTEGER NOT NULL            -- when a run was removed last
);
INSERT INTO revision SELECT coalesce(max(id), 0), coalesce(max(id), 0) FROM run;

ALTER TABLE run ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
UPDATE run SET revision = id;
CREATE INDEX run_by_revision ON run (revision);

CREATE TRIGGER run_began AFTER INSERT ON run BEGIN
    UPDATE revision SET latest = latest + 1;
    UPDATE run SET revision = (SELECT latest FROM revision) WHERE id = NEW.id;
END;

CREATE TRIGGER run_changed AFTER UPDATE OF status ON run BEGIN
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

ALTER TABLE task ADD COLUMN revision INTEGER;   -- its place in the order of its run's changes; NULL: its number in its run
DROP INDEX task_by_step;
CREATE INDEX task_by_step ON task (step_id, number, status, revision);

DROP VIEW task_row;
CREATE VIEW task_row AS
SELECT task.id, step.step, step.name, task.number, task.status, task.attempt, task.delivered, task.key,
    task.inputs_digest, task.worker, task.began_at, task.wall_s, task.cpu_s, task.peak_bytes, task.read_bytes,
    task.written_bytes, task.log_file, task.log_start, task.log_end, task.size, task.digest, task.record, task.preview,
    task.blobs, task.culprit, task.error, task.symbols, task.origin, task.why, code.digest AS code, task.step_id,
    coalesce(task.revision, task.id & 4294967295) AS revision
FROM task JOIN step ON step.id = task.step_id LEFT JOIN code ON code.id = task.code;

DROP VIEW run_row;
CREATE VIEW run_row AS
SELECT run.id, run.flow, run.number, run.status, run.created_at, run.started_at, run.ended_at,
    lease.token, lease.renewals, lease.renewed_monotonic, lease.renewed_at, lease.host, lease.boot_id, lease.pid,
    lease.process_started, lease.cancel_requested, lease.counts,
    (SELECT group_concat(tag, char(10)) FROM tag WHERE tag.run_id = run.id) AS tags, run.nonce,
    (SELECT sum(max(0, ended_at - started_at)) FROM driver WHERE driver.run_id = run.id) AS earlier_s, run.revision
FROM run JOIN lease ON lease.run_id = run.id;
