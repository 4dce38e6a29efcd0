-- Between which runs values went.

-- name: params
SELECT run.id, run.flow || '/' || run.number, run_detail.params FROM run_detail JOIN run ON run.id = run_detail.run_id
WHERE run.id IN (SELECT value FROM json_each(?)) AND run_detail.params IS NOT NULL;

-- name: inputs
SELECT run.id, run.flow || '/' || run.number || '/' || scope.name || '/' || scope.number, scope.inputs, NULL
FROM json_each(:runs) AS named CROSS JOIN run ON run.id = named.value JOIN scope ON scope.run_id = run.id
UNION ALL
SELECT run.id, run.flow || '/' || run.number || '/' || step.name || '/' || task.number, task.inputs,
    shared_inputs.inputs
FROM json_each(:runs) AS named CROSS JOIN run ON run.id = named.value
    CROSS JOIN task ON task.id > run.id << 32 AND task.id <= (run.id << 32 | 4294967295)
    JOIN step ON step.id = task.step_id
    LEFT JOIN shared_inputs ON shared_inputs.run_id = run.id AND shared_inputs.digest = task.shared
LIMIT :limit;

-- name: makers
SELECT found.place, run.flow || '/' || run.number || '/' || step.name || '/' || task.number
FROM (
    SELECT named.key AS place, (
        SELECT task.id FROM task CROSS JOIN step ON step.id = task.step_id AND step.run_id IS NOT NULL
        WHERE task.digest = substr(:digests, named.key * 33 + 1, 33) AND task.blobs IS NOT NULL
            AND task.id < (named.value + 1) << 32
        ORDER BY task.id DESC LIMIT 1
    ) AS id FROM json_each(:runs) AS named
) AS found CROSS JOIN task ON task.id = found.id JOIN step ON step.id = task.step_id JOIN run ON run.id = step.run_id;

-- name: results
SELECT task.digest, substr(task.blobs, 1, 33) FROM json_each(:runs) AS named
    CROSS JOIN task ON task.id > named.value << 32 AND task.id <= (named.value << 32 | 4294967295)
LIMIT :limit;

-- name: holders
-- Which of the latest runs refer to some of these blobs, and how many of each run's were looked at.
SELECT run_id, sum(digest IN (SELECT substr(:blobs, value * 33 + 1, 33) FROM json_each(:places))), count(*)
FROM (SELECT run_id, digest FROM run_blob ORDER BY run_id DESC LIMIT :limit) GROUP BY run_id ORDER BY run_id DESC;

-- name: reused
SELECT task.origin, run.flow || '/' || run.number || '/' || step.name || '/' || task.number, ''
FROM step CROSS JOIN task ON task.step_id = step.id AND task.origin IS NOT NULL JOIN run ON run.id = step.run_id
WHERE step.run_id IN (SELECT value FROM json_each(:runs)) LIMIT :limit;

-- name: reusers
-- Who took over results of the steps of these runs, whoever's, the latest runs first.
SELECT task.origin, run.flow || '/' || run.number || '/' || step.name || '/' || task.number, ''
FROM task CROSS JOIN step ON step.id = task.step_id CROSS JOIN run ON run.id = step.run_id
WHERE task.origin IS NOT NULL AND task.step_id IN (
    SELECT other.id FROM step JOIN step AS other ON other.step = step.step
    WHERE step.run_id IN (SELECT value FROM json_each(:runs))
) ORDER BY task.step_id DESC LIMIT :limit;
