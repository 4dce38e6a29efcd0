-- What attempts were given, and how long they waited for it.

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

ALTER TABLE step ADD COLUMN granted INTEGER;    -- granted.id, as it was called first; NULL: unknown
ALTER TABLE task ADD COLUMN granted INTEGER;    -- granted.id, of this attempt; NULL: it was not started, or unknown
ALTER TABLE task ADD COLUMN waited_ms INTEGER;  -- until this attempt began, since its call or the one before; NULL: unknown
ALTER TABLE attempt ADD COLUMN granted INTEGER; -- granted.id; NULL: unknown

DROP VIEW task_row;
CREATE VIEW task_row AS
SELECT task.id, step.step, step.name, task.number, task.status, task.attempt, task.delivered, task.key,
    task.inputs_digest, task.worker, task.began_at, task.wall_s, task.cpu_s, task.peak_bytes, task.read_bytes,
    task.written_bytes, task.log_file, task.log_start, task.log_end, task.size, task.digest, task.record, task.preview,
    task.blobs, task.culprit, task.error, task.symbols, task.origin, task.why, code.digest AS code, task.step_id,
    coalesce(task.revision, task.id & 4294967295) AS revision, task.layout, task.waited_ms,
    granted.executor, granted.cpu, granted.memory_bytes, granted.gpu, granted.timeout_s, granted.lanes
FROM task JOIN step ON step.id = task.step_id LEFT JOIN code ON code.id = task.code
    LEFT JOIN granted ON granted.id = task.granted;
