-- What is compared of several runs.

-- name: latest_codes
-- How many tasks each step has, and the code of the last of them that has any.
SELECT step.run_id, step.step, step.name, (SELECT max(number) FROM task WHERE task.step_id = step.id), latest.code,
    CASE WHEN latest.origin IS NULL THEN latest.began_at END
FROM step LEFT JOIN task AS latest ON latest.id = (
    SELECT id FROM task WHERE task.step_id = step.id AND code IS NOT NULL ORDER BY number DESC LIMIT 1
)
WHERE step.run_id IN (SELECT value FROM json_each(?)) ORDER BY step.id;

-- name: first_tasks
SELECT task.id, step.run_id, step.name, task.number, task.digest, task.culprit, task.preview, task.size, task.inputs,
    shared_inputs.inputs
FROM step CROSS JOIN task ON task.step_id = step.id
    LEFT JOIN shared_inputs ON shared_inputs.run_id = step.run_id AND shared_inputs.digest = task.shared
WHERE step.run_id IN (SELECT value FROM json_each(?)) AND task.number <= ? ORDER BY task.id;

-- name: trees
SELECT id, tree FROM code WHERE id IN (SELECT value FROM json_each(?));
