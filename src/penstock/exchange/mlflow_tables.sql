-- What is read of MLflow's own tables: its schema since version 1.3, of 2019.

-- name: runs
SELECT run_uuid, experiments.name, status, start_time, end_time, artifact_uri, runs.name
FROM runs JOIN experiments ON experiments.experiment_id = runs.experiment_id
WHERE runs.lifecycle_stage = 'active' AND experiments.lifecycle_stage = 'active';

-- name: params
SELECT key, value FROM params WHERE run_uuid = ?;

-- name: tags
SELECT key, value FROM tags WHERE run_uuid = ?;

-- name: metric_names
SELECT DISTINCT key FROM metrics WHERE run_uuid = ? ORDER BY key;

-- name: points
SELECT timestamp, step, value, is_nan FROM metrics WHERE run_uuid = ? AND key = ? ORDER BY timestamp, step;
