-- What tasks and the bodies of flows have recorded on purpose.

-- name: put
INSERT INTO recorded (run_id, task, kind, name, step, driver, at, data, stored) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run_id, task, kind, name, step) DO UPDATE SET driver = excluded.driver, at = excluded.at,
    data = excluded.data, stored = excluded.stored;

-- name: forget_task
DELETE FROM recorded WHERE run_id = ? AND task = ?;

-- name: forget_earlier
DELETE FROM recorded WHERE run_id = :run_id AND driver < :driver
    AND (task = 0 OR EXISTS (SELECT 1 FROM scope WHERE scope.run_id = :run_id AND scope.id = recorded.task));

-- name: rows
SELECT task, kind, name, step, at, data, stored FROM recorded
WHERE run_id = :run_id AND (:task IS NULL OR task = :task) AND (:kind IS NULL OR kind = :kind)
    AND (task, kind, name, step) > (:after_task, coalesce(:kind, ''), :after_name, :after_step)
ORDER BY task, kind, name, step LIMIT :limit;

-- name: one
SELECT kind, name, step, at, data, stored FROM recorded
WHERE run_id = ? AND task = ? AND kind = ? AND name = ? AND step = ?;
