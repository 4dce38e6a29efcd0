-- What a run's graph and timeline are drawn from: groups of tasks, whatever their number.

-- name: groups
SELECT step_id, coalesce(scope, 0), status, count(*), min(id)
FROM task WHERE id > :first AND id <= :last GROUP BY 1, 2, 3 ORDER BY 5;

-- name: steps
SELECT id, step, name FROM step WHERE run_id = ?;

-- name: heads_of_maps
-- The tasks of a map are called with the same words: what the first is given tells whose results go there.
SELECT min(id), step_id, coalesce(scope, 0) FROM task
WHERE id > :first AND id <= :last AND map IS NOT NULL GROUP BY step_id, scope, map LIMIT :limit;

-- name: called_alone
SELECT id, step_id, coalesce(scope, 0) FROM task
WHERE id > :first AND id <= :last AND map IS NULL ORDER BY id LIMIT :limit;

-- name: inputs
SELECT task.inputs, shared_inputs.inputs
FROM task LEFT JOIN shared_inputs ON shared_inputs.run_id = :run_id AND shared_inputs.digest = task.shared
WHERE task.id = :id;

-- name: place_of_task
SELECT step_id, coalesce(scope, 0) FROM task WHERE id = ?;

-- name: span
SELECT min(began_at), max(began_at + wall_s) FROM task WHERE id > :first AND id <= :last AND began_at IS NOT NULL;

-- name: bars_by_worker
SELECT coalesce(worker, '') AS lane, CAST((began_at - :begin) / :width AS INTEGER) AS at, min(began_at),
    max(began_at + wall_s), count(*), sum(status = 'failed'), min(step_id), max(step_id), min(number)
FROM task
WHERE id > :first AND id <= :last AND began_at < :end AND began_at + wall_s >= :begin
GROUP BY lane, at ORDER BY lane, at;

-- name: bars_by_step
SELECT step_id AS lane, CAST((began_at - :begin) / :width AS INTEGER) AS at, min(began_at), max(began_at + wall_s),
    count(*), sum(status = 'failed'), step_id, step_id, min(number)
FROM task
WHERE id > :first AND id <= :last AND began_at < :end AND began_at + wall_s >= :begin
GROUP BY lane, at ORDER BY lane, at;
