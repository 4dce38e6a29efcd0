-- What the client and the verbs read.

-- name: live_runs
-- Few among many, and found by an index of their own.
SELECT * FROM run_row WHERE status = 'running' ORDER BY id DESC;

-- name: runs_changed
SELECT * FROM run_row WHERE revision > :since ORDER BY revision LIMIT :limit;

-- name: revision
SELECT latest, removed FROM revision;

-- name: data_version
PRAGMA data_version;

-- name: name_of_run
SELECT flow || '/' || number FROM run WHERE id = ?;

-- name: names_of_runs
SELECT id, flow || '/' || number FROM run WHERE id IN (SELECT value FROM json_each(?));

-- name: name_of_task
SELECT '/' || step.name || '/' || task.number FROM task JOIN step ON step.id = task.step_id WHERE task.id = ?;

-- name: names_of_tasks
SELECT value, name || '/' || number FROM json_each(:ids) CROSS JOIN (
    SELECT task.id AS id, step.name AS name, task.number AS number FROM task JOIN step ON step.id = task.step_id
) AS called ON called.id = (:run_id << 32 | value)
UNION ALL
SELECT id, name || '/' || number FROM scope WHERE run_id = :run_id AND id IN (SELECT value FROM json_each(:ids));

-- name: runs_numbered
-- By [flow, number] each.
SELECT run_row.* FROM json_each(?) AS named
    CROSS JOIN run_row ON flow = json_extract(named.value, '$[0]') AND number = json_extract(named.value, '$[1]');

-- name: number_before
SELECT max(number) FROM run_row WHERE flow = ? AND number < ?;

-- name: run_by_id
SELECT * FROM run_row WHERE id = ?;

-- name: latest_run
SELECT coalesce(max(id), 0) FROM run;

-- name: run_of_process
SELECT run.flow || '/' || run.number FROM driver JOIN run ON run.id = driver.run_id
WHERE driver.run_id > :after AND driver.pid = :pid AND driver.host = :host ORDER BY driver.run_id DESC LIMIT 1;

-- name: flows
-- Also those whose runs were all removed.
SELECT name FROM flow ORDER BY name;

-- name: details
SELECT run_id, module, qualname, file, params, result, error, origin, seed, form, schema FROM run_detail
WHERE run_id IN (SELECT value FROM json_each(?));

-- name: seed
SELECT seed FROM run_detail WHERE run_id = ?;

-- name: drivers
SELECT driver.run_id, driver.token, driver.started_at, driver.host, driver.pid, driver.snapshot, driver.python,
    package_set.packages, driver.argv, driver.cwd
FROM driver LEFT JOIN package_set ON package_set.digest = driver.packages
WHERE driver.run_id IN (SELECT value FROM json_each(?)) ORDER BY driver.run_id, driver.token;

-- name: steps
SELECT step.id, step, name, source, executor, cpu, memory_bytes, gpu, timeout_s, lanes
FROM step LEFT JOIN granted ON granted.id = step.granted WHERE run_id = ? ORDER BY step.id;

-- name: step_counts
-- Those that are done are what the others leave: an index counts all, and there are few others.
SELECT id, 'done', (SELECT count(*) FROM task WHERE step_id = step.id)
    - (SELECT count(*) FROM task WHERE step_id = step.id AND status <> 'done'),
    (SELECT count(*) FROM task WHERE step_id = step.id AND origin IS NOT NULL)
FROM step WHERE run_id = :run_id
UNION ALL
SELECT task.step_id, task.status, count(*), 0 FROM step CROSS JOIN task ON task.step_id = step.id
WHERE step.run_id = :run_id AND task.status <> 'done' GROUP BY 1, 2;

-- name: in_flight
SELECT tasks FROM in_flight WHERE run_id = ?;

-- name: settled_in_flight
-- Those that have settled since they were noted.
SELECT task.id FROM in_flight JOIN json_each(in_flight.tasks)
    CROSS JOIN task ON task.id = (in_flight.run_id << 32 | json_extract(json_each.value, '$[0]'))
WHERE in_flight.run_id = ? AND task.settled IS NOT NULL;

-- name: step_ids
SELECT id FROM step WHERE run_id = :run_id AND (name = :step OR step = :step) ORDER BY id;

-- name: tasks_of_run
SELECT * FROM task_row WHERE id > :first AND id <= :last AND (:status IS NULL OR status = :status) ORDER BY id;

-- name: task_nodes
SELECT task.id & 4294967295, step.step, step.name, task.status, coalesce(task.scope, 0), coalesce(task.map, 0),
    task.inputs, task.shared
FROM task JOIN step ON step.id = task.step_id WHERE task.id > :first AND task.id <= :last ORDER BY task.id;

-- name: shared_inputs
SELECT digest, inputs FROM shared_inputs WHERE run_id = ?;

-- name: tasks_of_step
SELECT * FROM task_row WHERE step_id = :step_id AND number > :number AND (:status IS NULL OR status = :status)
ORDER BY number;

-- name: tasks_changed
-- Which they are, the index alone tells.
SELECT * FROM task_row WHERE id IN (
    SELECT task.id FROM step CROSS JOIN task ON task.step_id = step.id
    WHERE step.run_id = :run_id AND coalesce(task.revision, task.id & 4294967295) > :since
    ORDER BY coalesce(task.revision, task.id & 4294967295) LIMIT :limit
) ORDER BY revision;

-- name: task_by_number
SELECT * FROM task_row WHERE step_id = :step_id AND number = :number;

-- name: task_by_id
SELECT * FROM task_row WHERE id = ?;

-- name: inputs
SELECT task.inputs, shared_inputs.inputs
FROM task LEFT JOIN shared_inputs ON shared_inputs.run_id = :run_id AND shared_inputs.digest = task.shared
WHERE task.id = :id;

-- name: attempts
SELECT number, outcome, executor, cpu, memory_bytes, gpu, timeout_s, lanes
FROM attempt LEFT JOIN granted ON granted.id = attempt.granted WHERE task_id = ? ORDER BY number;

-- name: metrics
SELECT * FROM metric WHERE task_id > :first AND task_id <= :last AND (:name IS NULL OR name = :name)
ORDER BY task_id, attempt, driver, name;

-- name: run_metrics
SELECT 0, 0, driver, name, points, last, last_step, last_at, first, first_step, first_at, smallest, largest, nonfinite,
    least_step, file, blob, size
FROM run_metric WHERE run_id = :run_id AND (:name IS NULL OR name = :name) ORDER BY driver, name;

-- name: old_points
SELECT step, at, value FROM old_point WHERE task_id = ? AND attempt = ? AND name = ? ORDER BY step, at;

-- name: old_run_points
SELECT step, at, value FROM old_run_point WHERE run_id = ? AND name = ? ORDER BY id;

-- name: runs_with_step
-- The latest runs that have a step, before one of them, whose values can be compared with those of today.
SELECT run_id FROM step JOIN run_detail USING (run_id)
WHERE step = :step AND form = :form AND (:before IS NULL OR run_id < :before) ORDER BY run_id DESC LIMIT 20;

-- name: finished_task
SELECT task_row.* FROM step CROSS JOIN task_row ON task_row.step_id = step.id
WHERE step.run_id = :run_id AND step.step = :step AND task_row.number = :number AND task_row.status = 'done';

-- name: last_finished_task
SELECT task_row.* FROM step CROSS JOIN task_row ON task_row.step_id = step.id
WHERE step.run_id = :run_id AND step.step = :step AND task_row.status = 'done' ORDER BY task_row.number DESC LIMIT 1;

-- name: step_is_cached
SELECT cached FROM step WHERE run_id = ? AND step = ?;

-- name: code_tree
SELECT tree FROM code WHERE digest = ?;

-- name: codes_that_ran
-- Which code ran how many tasks of each step to their end, in the order in which the first of them settled.
SELECT step.step, step.name, code.digest, code.tree, count(*), min(task.number)
FROM step CROSS JOIN task ON task.step_id = step.id JOIN code ON code.id = task.code
WHERE step.run_id = :run_id AND (:step IS NULL OR step.step = :step)
    AND task.settled IS NOT NULL AND task.origin IS NULL
GROUP BY step.id, task.code ORDER BY step.id, min(task.settled);

-- name: codes_of_run
-- Which code finished how many tasks of each step.
SELECT step.name, code.tree, count(*)
FROM step CROSS JOIN task ON task.step_id = step.id JOIN code ON code.id = task.code
WHERE step.run_id = ? AND task.status = 'done' GROUP BY step.id, task.code ORDER BY step.id;
