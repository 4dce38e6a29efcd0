-- What runs are looked for by, beside the rows that it is derived from and written with.

-- name: insert_param
INSERT INTO param (run_id, name, type, value) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: params_recorded
SELECT run_id, params FROM run_detail WHERE params IS NOT NULL;

-- name: metric_fact
SELECT first, first_task, last, last_at, last_task, smallest, largest FROM metric_fact
WHERE run_id = ? AND name = ? AND step = ?;

-- name: put_metric_fact
INSERT INTO metric_fact (run_id, name, step, first, first_task, last, last_at, last_task, smallest, largest)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run_id, name, step) DO UPDATE SET first = excluded.first, first_task = excluded.first_task,
    last = excluded.last, last_at = excluded.last_at, last_task = excluded.last_task, smallest = excluded.smallest,
    largest = excluded.largest;

-- name: forget_metric_fact
DELETE FROM metric_fact WHERE run_id = ? AND name = ? AND step = ?;

-- name: forget_body_facts
DELETE FROM metric_fact WHERE run_id = ? AND step = '';

-- name: logged_by_task
-- Each try, in their order.
SELECT task_id & 4294967295, least_step, first, last, last_at, smallest, largest FROM metric
WHERE task_id = :task_id AND name = :name ORDER BY attempt, driver;

-- name: logged_by_step
SELECT task.id & 4294967295, least_step, first, last, last_at, smallest, largest
FROM step CROSS JOIN task ON task.step_id = step.id CROSS JOIN metric ON metric.task_id = task.id
WHERE step.run_id = :run_id AND metric.name = :name AND step.name = :step
ORDER BY task.id, metric.attempt, metric.driver;

-- name: logged_by_body
SELECT 0, least_step, first, last, last_at, smallest, largest FROM run_metric
WHERE run_id = :run_id AND name = :name ORDER BY driver;

-- name: names_logged_by_task
SELECT DISTINCT name FROM metric WHERE task_id = ?;

-- name: step_of_task
SELECT step.name FROM task JOIN step ON step.id = task.step_id WHERE task.id = ?;

-- name: names_logged
SELECT DISTINCT step.run_id, metric.name, step.name
FROM metric JOIN task ON task.id = metric.task_id JOIN step ON step.id = task.step_id WHERE step.run_id IS NOT NULL
UNION SELECT run_id, name, '' FROM run_metric;
