-- The locks that the steps of runs were run with.

-- name: insert_environment
INSERT INTO environment (digest, lock) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: insert_run_environment
INSERT INTO run_environment (run_id, wish, digest) VALUES (?, ?, ?)
ON CONFLICT (run_id, wish) DO UPDATE SET digest = excluded.digest;

-- name: locks_of_run
SELECT run_environment.wish, environment.lock
FROM run_environment JOIN environment ON environment.digest = run_environment.digest WHERE run_environment.run_id = ?;
