-- What runs are looked for by, and where the columns of arrays and tables lie. The facts of older runs are made of their
-- rows (run_facts.fill).

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
CREATE INDEX tag_by_tag ON tag (tag);

ALTER TABLE run_detail ADD COLUMN schema TEXT;  -- JSON Schema of the flow's parameters; NULL: unknown
ALTER TABLE task ADD COLUMN layout TEXT;        -- JSON: where the columns of the result lie; NULL: it is no array or table

DROP VIEW task_row;
CREATE VIEW task_row AS
SELECT task.id, step.step, step.name, task.number, task.status, task.attempt, task.delivered, task.key,
    task.inputs_digest, task.worker, task.began_at, task.wall_s, task.cpu_s, task.peak_bytes, task.read_bytes,
    task.written_bytes, task.log_file, task.log_start, task.log_end, task.size, task.digest, task.record, task.preview,
    task.blobs, task.culprit, task.error, task.symbols, task.origin, task.why, code.digest AS code, task.step_id,
    coalesce(task.revision, task.id & 4294967295) AS revision, task.layout
FROM task JOIN step ON step.id = task.step_id LEFT JOIN code ON code.id = task.code;
