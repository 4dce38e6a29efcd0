-- What a run's graph and timeline are drawn from: groups of tasks, whatever their number.

-- name: groups
-- Of each step all tasks with the first of them, those that are not done, and those that a nested flow has called: what is
-- left was called by the run's own flow. Indexes alone are looked at, and of most tasks one that counts them.
SELECT 'all', id, 0, 'done', (SELECT count(*) FROM task WHERE step_id = step.id),
    (SELECT id FROM task WHERE step_id = step.id ORDER BY number LIMIT 1)
FROM step WHERE run_id = :run_id
UNION ALL
SELECT 'undone', task.step_id, 0, task.status, count(*), min(task.id) FROM step CROSS JOIN task ON task.step_id = step.id
WHERE step.run_id = :run_id AND task.status <> 'done' GROUP BY 2, 4
UNION ALL
SELECT 'scoped', task.step_id, task.scope, task.status, count(*), min(task.id)
FROM step CROSS JOIN task ON task.step_id = step.id
WHERE step.run_id = :run_id AND task.scope IS NOT NULL GROUP BY 2, 3, 4;

-- name: steps
SELECT id, step, name FROM step WHERE run_id = ? ORDER BY id;

-- name: given
-- Of each step the first so many tasks, and the first of each map: its tasks are called with the same words, so that what
-- one is given tells whose results go there.
SELECT task.id, task.step_id, coalesce(task.scope, 0), task.map, task.inputs, shared_inputs.inputs,
        task.digest, task.preview, task.blobs, task.began_at, task.wall_s
FROM step CROSS JOIN task ON task.step_id = step.id
LEFT JOIN shared_inputs ON shared_inputs.run_id = step.run_id AND shared_inputs.digest = task.shared
WHERE step.run_id = :run_id AND task.number <= :each
UNION ALL
SELECT * FROM (
    SELECT task.id, task.step_id, coalesce(task.scope, 0), task.map, task.inputs, shared_inputs.inputs,
        task.digest, task.preview, task.blobs, task.began_at, task.wall_s
    FROM step CROSS JOIN task INDEXED BY task_first_of_map ON task.step_id = step.id
    LEFT JOIN shared_inputs ON shared_inputs.run_id = step.run_id AND shared_inputs.digest = task.shared
    WHERE step.run_id = :run_id AND task.map = (task.id & 4294967295) AND task.number > :each LIMIT :limit
);

-- name: last_tasks
SELECT task.step_id, coalesce(task.scope, 0), task.began_at, task.wall_s
FROM step CROSS JOIN task ON task.step_id = step.id
WHERE step.run_id = :run_id AND task.number > (SELECT max(number) FROM task WHERE step_id = step.id) - :each
    AND task.began_at > 0;

-- name: step_used
-- What the tasks of a step used: of each the latest attempt. Reads all of them: some hundred thousand in a second.
SELECT count(*), coalesce(sum(wall_s), 0), coalesce(max(wall_s), 0), coalesce(sum(cpu_s), 0), coalesce(max(peak_bytes), 0)
FROM step CROSS JOIN task ON task.step_id = step.id
WHERE step.run_id = :run_id AND step.name = :name AND task.began_at > 0;

-- name: step_granted
-- What the tasks of a step were given, the most frequent first; where none was started, what the step asks for.
SELECT executor, cpu, memory_bytes, gpu, timeout_s, lanes FROM granted JOIN (
    SELECT task.granted AS id, count(*) AS tasks FROM step CROSS JOIN task ON task.step_id = step.id
    WHERE step.run_id = :run_id AND step.name = :name AND task.granted IS NOT NULL GROUP BY 1
    UNION ALL
    SELECT step.granted, 0 FROM step WHERE step.run_id = :run_id AND step.name = :name
) AS given USING (id) GROUP BY id ORDER BY max(tasks) DESC, id;

-- name: step_that_matter
-- The failed ones, then those that took longest.
SELECT task.id FROM step CROSS JOIN task ON task.step_id = step.id
WHERE step.run_id = :run_id AND step.name = :name
ORDER BY task.status = 'failed' DESC, task.wall_s DESC, task.id LIMIT :limit;

-- name: copied_from
SELECT task.origin FROM step CROSS JOIN task ON task.step_id = step.id
WHERE step.run_id = :run_id AND task.origin IS NOT NULL LIMIT :limit;

-- name: took
-- What tasks took that are named by flow, number of the run, short name of the step, and number.
SELECT coalesce(sum(task.wall_s), 0)
FROM json_each(:names) AS named
JOIN run ON run.flow = json_extract(named.value, '$[0]') AND run.number = json_extract(named.value, '$[1]')
JOIN step ON step.run_id = run.id AND step.name = json_extract(named.value, '$[2]')
JOIN task ON task.step_id = step.id AND task.number = json_extract(named.value, '$[3]');

-- name: place_of_task
SELECT step_id, coalesce(scope, 0) FROM task WHERE id = ?;

-- name: span
SELECT min(began_at), max(began_at + wall_s) FROM task WHERE id > :first AND id <= :last AND began_at IS NOT NULL;

-- name: bars_by_worker
SELECT coalesce(worker, '') AS lane, CAST((began_at - :begin) / :width AS INTEGER) AS at, min(began_at),
    max(began_at + wall_s), count(*), sum(status = 'failed'), coalesce(max(peak_bytes), 0),
    coalesce(max(peak_bytes * 1.0 / nullif(memory_bytes, 0)), 0), min(memory_bytes), max(memory_bytes),
    min(step_id), max(step_id), min(number)
FROM task LEFT JOIN granted ON granted.id = task.granted
WHERE task.id > :first AND task.id <= :last AND began_at < :end AND began_at + wall_s >= :begin
GROUP BY lane, at ORDER BY lane, at;

-- name: bars_by_step
SELECT step_id AS lane, CAST((began_at - :begin) / :width AS INTEGER) AS at, min(began_at), max(began_at + wall_s),
    count(*), sum(status = 'failed'), coalesce(max(peak_bytes), 0),
    coalesce(max(peak_bytes * 1.0 / nullif(memory_bytes, 0)), 0), min(memory_bytes), max(memory_bytes),
    step_id, step_id, min(number)
FROM task LEFT JOIN granted ON granted.id = task.granted
WHERE task.id > :first AND task.id <= :last AND began_at < :end AND began_at + wall_s >= :begin
GROUP BY lane, at ORDER BY lane, at;

-- name: busy_begin
-- Of each pixel in which tasks began: how many, and how much of it was left to them. What began before is of pixel 0.
SELECT CAST(at AS INTEGER), count(*), sum(1 + CAST(at AS INTEGER) - at)
FROM (
    SELECT (max(began_at, :begin) - :begin) / :width AS at FROM task
    WHERE id > :first AND id <= :last AND began_at < :end AND began_at + wall_s > :begin
)
GROUP BY 1;

-- name: busy_end
SELECT CAST(at AS INTEGER), count(*), sum(1 + CAST(at AS INTEGER) - at)
FROM (
    SELECT (began_at + wall_s - :begin) / :width AS at FROM task
    WHERE id > :first AND id <= :last AND began_at < :end AND began_at + wall_s > :begin AND began_at + wall_s < :end
)
GROUP BY 1;

-- name: reused
SELECT step_id, count(*) FROM step CROSS JOIN task ON task.step_id = step.id
WHERE step.run_id = ? AND task.origin IS NOT NULL GROUP BY 1;

-- name: ran
-- In the order in which they ended.
SELECT id & 4294967295, began_at, began_at + wall_s, coalesce(worker, '') FROM task
WHERE id > :first AND id <= :last AND began_at > 0 ORDER BY 3 DESC, 1 DESC LIMIT :limit;

-- name: given_to
-- What tasks were given, of whatever step.
SELECT task.id, task.inputs, shared_inputs.inputs
FROM task JOIN step ON step.id = task.step_id
LEFT JOIN shared_inputs ON shared_inputs.run_id = step.run_id AND shared_inputs.digest = task.shared
WHERE task.id IN (SELECT ? | value FROM json_each(?));

-- name: called
SELECT step.name || '/' || task.number FROM task JOIN step ON step.id = task.step_id WHERE task.id = ?;

-- name: ended_at
SELECT id & 4294967295, began_at + wall_s FROM task
WHERE id IN (SELECT ? | value FROM json_each(?)) AND began_at > 0;
