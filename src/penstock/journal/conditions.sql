-- What a listing of runs asks of each, and sorts them by: parts of statements, about one row of `run`.

-- name: flow
run.flow IN (SELECT value FROM json_each(?))

-- name: settled
run.status IN (SELECT value FROM json_each(?))

-- name: running
(run.status = 'running' AND run.id NOT IN (SELECT value FROM json_each(?)))

-- name: number
run.number

-- name: begun
-- Newest first by id, as a clock may jump back.
run.id

-- name: begun_at
run.created_at

-- name: flow_name
run.flow

-- name: status
CASE WHEN run.id IN (SELECT value FROM json_each(?)) THEN 'crashed' ELSE run.status END

-- name: took
-- How long its drivers took, the latest up to now; one that died, up to its last sign of life. NULL: it gave none.
nullif(coalesce((SELECT sum(max(0, ended_at - started_at)) FROM driver WHERE driver.run_id = run.id), 0)
    + max(0, coalesce(run.ended_at, CASE WHEN run.id IN (SELECT value FROM json_each(?))
        THEN (SELECT renewed_at FROM lease WHERE lease.run_id = run.id) ELSE ? END) - run.started_at),
    CASE WHEN run.id IN (SELECT value FROM json_each(?)) THEN 0 END)

-- name: tag
-- A word, or the key of `key=value`: '>' is what comes after '='.
run.id IN (SELECT run_id FROM tag WHERE tag = ? UNION ALL SELECT run_id FROM tag WHERE tag >= ? || '=' AND tag < ? || '>')

-- name: text
-- Case does not count, of ASCII letters.
(instr(lower(run.flow || '/' || run.number), ?)
    OR instr(lower(coalesce(run.name, '') || char(10) || coalesce(run.note, '')), ?)
    OR EXISTS (SELECT 1 FROM tag WHERE tag.run_id = run.id AND instr(lower(tag), ?))
    OR EXISTS (SELECT 1 FROM param WHERE param.run_id = run.id AND param.type IN ('str', 'enum', 'path')
        AND instr(lower(param.value), ?)))

-- name: param
(SELECT value FROM param WHERE run_id = run.id AND name = ?)

-- name: param_number
(SELECT value FROM param WHERE run_id = run.id AND name = ? AND type IN ('int', 'float'))

-- name: param_text
(SELECT value FROM param WHERE run_id = run.id AND name = ? AND type IN ('str', 'enum', 'path'))

-- name: param_truth
(SELECT value FROM param WHERE run_id = run.id AND name = ? AND type = 'bool')

-- name: param_none
EXISTS (SELECT 1 FROM param WHERE run_id = run.id AND name = ? AND type = 'NoneType')

-- name: param_there
EXISTS (SELECT 1 FROM param WHERE run_id = run.id AND name = ?)

-- name: metric
-- A run's own is what its body logged, else what the only step did that logged it. The other columns are those of the
-- row with the smallest step: '' is the body.
(SELECT CASE WHEN min(step) = '' OR count(*) = 1 THEN
    CASE ? WHEN 'last' THEN last WHEN 'first' THEN first WHEN 'min' THEN smallest ELSE largest END END
FROM metric_fact WHERE run_id = run.id AND name = ?)

-- name: step_metric
(SELECT CASE ? WHEN 'last' THEN last WHEN 'first' THEN first WHEN 'min' THEN smallest ELSE largest END
FROM metric_fact WHERE run_id = run.id AND name = ? AND step = ?)

-- name: among
run.id IN (SELECT value FROM json_each(?))
