-- Results that serve other runs, and who makes them.

-- name: insert_cached
INSERT INTO cache (key, content, step, code, task, stored_at, used_at, size, result, metrics, records)
VALUES (:key, :content, :step, :code, :task, :now, :now, :size, :result, :metrics, :records)
ON CONFLICT (key) DO UPDATE SET task = excluded.task, stored_at = excluded.stored_at, used_at = excluded.used_at,
    size = excluded.size, result = excluded.result, metrics = excluded.metrics, records = excluded.records
RETURNING id;

-- name: forget_cached_blobs
DELETE FROM cache_blob WHERE cache_id = ?;

-- name: insert_cached_blob
INSERT INTO cache_blob (cache_id, digest) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: use_cached
UPDATE cache SET used_at = ? WHERE key = ? AND used_at < ?;

-- name: claim
INSERT INTO cache_claim (key, run_id, token, task) VALUES (:key, :run_id, :token, :task)
ON CONFLICT (key) DO UPDATE SET run_id = excluded.run_id, token = excluded.token, task = excluded.task;

-- name: release
DELETE FROM cache_claim WHERE key = ? AND run_id = ?;

-- name: cached
SELECT cache.key, cache.content, cache.step, code.digest, cache.task, cache.stored_at, cache.result, cache.metrics,
    cache.records
FROM cache JOIN code ON code.id = cache.code WHERE cache.key = ?;

-- name: cached_content
-- The latest of the same inputs, whatever its code.
SELECT cache.task, code.digest FROM cache JOIN code ON code.id = cache.code WHERE cache.content = ?
ORDER BY cache.stored_at DESC LIMIT 1;

-- name: claimed
-- Who makes the result, and the state of their run.
SELECT cache_claim.task, cache_claim.run_id, cache_claim.token, run.status, lease.token, lease.renewals,
    lease.renewed_monotonic, lease.renewed_at, lease.host, lease.boot_id, lease.pid, lease.process_started
FROM cache_claim JOIN run ON run.id = cache_claim.run_id JOIN lease ON lease.run_id = cache_claim.run_id
WHERE cache_claim.key = ?;
