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

-- name: attempt
coalesce(task.attempt, 1)

-- name: memory
task.peak_bytes

-- name: began
nullif(task.began_at, 0) - ?

-- name: ended
nullif(task.began_at, 0) + task.wall_s - ?

-- name: reused
task.origin IS NOT NULL

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

-- name: by_memory
task.peak_bytes IS NULL, task.peak_bytes, task.id

-- name: by_memory_backwards
task.peak_bytes IS NULL, task.peak_bytes DESC, task.id

-- name: by_began
nullif(task.began_at, 0) IS NULL, task.began_at, task.id

-- name: by_began_backwards
nullif(task.began_at, 0) IS NULL, task.began_at DESC, task.id

-- name: by_status
-- What needs a look first.
CASE task.status WHEN 'failed' THEN 0 WHEN 'running' THEN 1 WHEN 'waiting' THEN 2 WHEN 'cancelled' THEN 3 ELSE 4 END, task.id

-- name: by_status_backwards
CASE task.status WHEN 'failed' THEN 0 WHEN 'running' THEN 1 WHEN 'waiting' THEN 2 WHEN 'cancelled' THEN 3 ELSE 4 END DESC,
task.id

-- name: took_by_step
-- Of those that ran and have ended.
SELECT task.step_id, task.number, task.wall_s, coalesce(task.peak_bytes, 0) FROM task
WHERE task.id > ? AND task.id <= ? AND task.began_at > 0 AND task.wall_s IS NOT NULL AND ({where});

-- name: workers
SELECT DISTINCT worker FROM task WHERE id > ? AND id <= ? AND worker IS NOT NULL LIMIT ?;
