-- Which results of tasks there are. {where} is made of parts of this file.

-- name: ids
SELECT task.id FROM task WHERE task.status = 'done' AND ({where}) ORDER BY task.id DESC LIMIT ?;

-- name: ids_by_size
SELECT task.id FROM task WHERE task.status = 'done' AND ({where}) ORDER BY task.size DESC, task.id DESC LIMIT ?;

-- name: count
SELECT count(*) FROM task WHERE task.status = 'done' AND ({where});

-- name: count_all
-- The index alone tells.
SELECT count(*) FROM step CROSS JOIN task ON task.step_id = step.id WHERE task.status = 'done';

-- name: rows
SELECT * FROM task_row WHERE id IN (SELECT value FROM json_each(?)) AND status = 'done';

-- name: made_by
-- What lies in blobs is found by an index.
SELECT * FROM task_row WHERE id IN (
    SELECT id FROM task WHERE digest = :digest AND blobs IS NOT NULL ORDER BY id DESC LIMIT :limit
) ORDER BY id DESC;

-- name: small_made_by
SELECT * FROM task_row WHERE id = (SELECT id FROM task WHERE digest = ? AND blobs IS NULL LIMIT 1);

-- name: inputs_after
SELECT task.id & 4294967295, step.name, task.number, task.inputs, shared_inputs.inputs
FROM task JOIN step ON step.id = task.step_id
    LEFT JOIN shared_inputs ON shared_inputs.run_id = :run_id AND shared_inputs.digest = task.shared
WHERE task.id > :after AND task.id <= :last ORDER BY task.id LIMIT :limit;

-- name: given_to_step
-- What the latest tasks of a step were given, of whatever run.
SELECT step.run_id, task.inputs, task.shared, shared_inputs.inputs
FROM (
    SELECT task.id AS id FROM step CROSS JOIN task ON task.step_id = step.id
    WHERE (step.name = :step OR step.step = :step) AND step.run_id IS NOT NULL ORDER BY 1 DESC LIMIT :limit
) AS latest CROSS JOIN task ON task.id = latest.id JOIN step ON step.id = task.step_id
    LEFT JOIN shared_inputs ON shared_inputs.run_id = step.run_id AND shared_inputs.digest = task.shared;

-- name: used
(task.id IN (SELECT value FROM json_each(?))
    OR hex(task.digest) IN (SELECT value FROM json_each(?)))

-- name: flow
task.step_id IN (SELECT step.id FROM run JOIN step ON step.run_id = run.id WHERE run.flow = ?)

-- name: run
task.id > ? AND task.id <= ?

-- name: step
task.step_id IN (SELECT id FROM step WHERE name = ? OR step = ?)

-- name: kind
CASE WHEN json_valid(task.layout) THEN json_extract(task.layout, '$.kind') END = ?

-- name: type
-- "DataFrame" is also "pandas.DataFrame".
CASE WHEN json_valid(task.preview) THEN '.' || json_extract(task.preview, '$.type') END LIKE ('%.' || ?) ESCAPE '\'

-- name: digest
task.digest >= ? AND task.digest < ?

-- name: size
task.size

-- name: text
(SELECT instr(lower(step.name || '/' || task.number), ?) FROM step WHERE step.id = task.step_id)
