-- Which tasks of a run a condition holds for. {where} and {order} are parts of this file.

-- name: ids
SELECT task.id & 4294967295 FROM task WHERE task.id > ? AND task.id <= ? AND ({where}) ORDER BY {order} LIMIT ?;

-- name: counts
SELECT task.status, count(*) FROM task WHERE task.id > ? AND task.id <= ? AND ({where}) GROUP BY 1;

-- name: rows
SELECT * FROM task_row WHERE id IN (SELECT ? | value FROM json_each(?));

-- name: errors
SELECT id & 4294967295, error FROM task WHERE id > ? AND id <= ? AND error IS NOT NULL;

-- name: ids_changed
SELECT task.id & 4294967295, coalesce(task.revision, task.id & 4294967295)
FROM step CROSS JOIN task ON task.step_id = step.id
WHERE step.run_id = :run_id AND coalesce(task.revision, task.id & 4294967295) > :since
ORDER BY 2 LIMIT :limit;

-- name: revision
SELECT max(coalesce(task.revision, task.id & 4294967295)) FROM step CROSS JOIN task ON task.step_id = step.id
WHERE step.run_id = ?;

-- name: step
task.step_id IN (SELECT id FROM step WHERE run_id = ? AND (name = ? OR step = ?))

-- name: status
task.status = ?

-- name: took
task.wall_s

-- name: number
task.number

-- name: worker
task.worker = ?

-- name: among
task.id & 4294967295 IN (SELECT value FROM json_each(?))

-- name: text
(SELECT instr(lower(step.name || '/' || task.number), ?) FROM step WHERE step.id = task.step_id)

-- name: by_call
task.id

-- name: by_call_backwards
task.id DESC

-- name: by_took
task.wall_s IS NULL, task.wall_s, task.id

-- name: by_took_backwards
task.wall_s IS NULL, task.wall_s DESC, task.id
