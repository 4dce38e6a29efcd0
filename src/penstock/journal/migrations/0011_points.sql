-- Metrics are rows of what was logged under a name; the points lie in files and blobs.

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

INSERT INTO old_point SELECT task_id, attempt, name, step, at, value FROM metric;
INSERT INTO old_run_point SELECT id, run_id, name, step, at, value FROM run_metric;
DROP TABLE metric;
DROP TABLE run_metric;

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

INSERT INTO metric
SELECT task_id, attempt, 0, name, count(*),
    max(CASE WHEN from_last = 1 THEN value END), max(CASE WHEN from_last = 1 THEN nullif(step, -9223372036854775808) END),
    max(at), max(CASE WHEN from_first = 1 THEN value END),
    max(CASE WHEN from_first = 1 THEN nullif(step, -9223372036854775808) END), min(at), min(value), max(value),
    sum(value IS NULL OR abs(value) = 9e999), nullif(min(step), -9223372036854775808),
    CASE WHEN count(*) > 2 THEN 'rows' END, NULL, NULL
FROM (
    SELECT *, row_number() OVER (PARTITION BY task_id, attempt, name ORDER BY at, step) AS from_first,
        row_number() OVER (PARTITION BY task_id, attempt, name ORDER BY at DESC, step DESC) AS from_last
    FROM old_point
) GROUP BY task_id, attempt, name;

INSERT INTO run_metric
SELECT run_id, 0, name, count(*),
    max(CASE WHEN from_last = 1 THEN value END), max(CASE WHEN from_last = 1 THEN nullif(step, -9223372036854775808) END),
    max(at), max(CASE WHEN from_first = 1 THEN value END),
    max(CASE WHEN from_first = 1 THEN nullif(step, -9223372036854775808) END), min(at), min(value), max(value),
    sum(value IS NULL OR abs(value) = 9e999), nullif(min(step), -9223372036854775808),
    CASE WHEN count(*) > 2 THEN 'rows' END, NULL, NULL
FROM (
    SELECT *, row_number() OVER (PARTITION BY run_id, name ORDER BY at, step) AS from_first,
        row_number() OVER (PARTITION BY run_id, name ORDER BY at DESC, step DESC) AS from_last
    FROM old_run_point
) GROUP BY run_id, name;
