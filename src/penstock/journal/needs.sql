-- Who needs what is stored, and what of the journal itself nobody needs.

-- name: blobs_of_run
SELECT digest FROM run_blob WHERE run_id = ?;

-- name: blobs_of_cache
SELECT cache_id, digest FROM cache_blob;

-- name: blobs_of_pins
SELECT DISTINCT digest FROM pin_blob;

-- name: pins
SELECT name, made_at, value FROM pin ORDER BY name;

-- name: insert_pin
INSERT INTO pin (name, made_at, value) VALUES (?, ?, ?) RETURNING id;

-- name: insert_pin_blob
INSERT INTO pin_blob (pin_id, digest) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: delete_pin
DELETE FROM pin WHERE name = ?;

-- name: cached_results
SELECT id, task, used_at FROM cache;

-- name: origins
SELECT run_id, origin FROM run_detail WHERE origin IS NOT NULL;

-- name: snapshots
SELECT DISTINCT run_id, snapshot FROM driver WHERE snapshot != '';

-- name: locks
SELECT run_id, wish, digest FROM run_environment;

-- name: delete_cached
-- One that was used since somebody looked stays.
DELETE FROM cache WHERE id = :id AND used_at = :used_at;

-- name: delete_void_claims
DELETE FROM cache_claim WHERE NOT EXISTS (
    SELECT 1 FROM run JOIN lease ON lease.run_id = run.id
    WHERE run.id = cache_claim.run_id AND run.status = 'running' AND lease.token = cache_claim.token
);

-- name: codes
SELECT id FROM code;

-- name: codes_in_use
-- Reads all tasks, as no index serves it: some hundred thousand a second.
SELECT code FROM cache UNION SELECT code FROM task WHERE code IS NOT NULL;

-- name: delete_code
DELETE FROM code WHERE id = ?;

-- name: delete_tasks_of_removed
-- So many of the tasks whose runs are gone, with their attempts and metrics.
DELETE FROM task WHERE id IN (
    SELECT task.id FROM step CROSS JOIN task ON task.step_id = step.id WHERE step.run_id IS NULL LIMIT ?
);

-- name: delete_steps_of_removed
DELETE FROM step WHERE run_id IS NULL AND NOT EXISTS (SELECT 1 FROM task WHERE task.step_id = step.id);

-- name: removed_steps
SELECT 1 FROM step WHERE run_id IS NULL LIMIT 1;
