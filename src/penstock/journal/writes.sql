-- What the driver of a run, and the verbs that change runs, write.

-- name: count_flow
-- Give out the next number of a flow; read it with last_number.
INSERT INTO flow (name, last_number) VALUES (:flow, 1)
ON CONFLICT (name) DO UPDATE SET last_number = last_number + 1;

-- name: last_number
SELECT last_number FROM flow WHERE name = :flow;

-- name: insert_run
INSERT INTO run (flow, number, status, created_at, started_at, nonce, name)
VALUES (:flow, :number, 'running', :now, :now, lower(hex(randomblob(8))), nullif(:name, ''));

-- name: give_nonce
-- A run of an older Penstock has none.
UPDATE run SET nonce = lower(hex(randomblob(8))) WHERE id = ? AND nonce IS NULL;

-- name: nonce
SELECT nonce FROM run WHERE id = ?;

-- name: insert_run_detail
INSERT INTO run_detail (run_id, module, qualname, file, params, origin, seed, form,
    schema)
VALUES (:run_id, :module, :qualname, :file, :params, :origin, :seed, :form, :schema);

-- name: insert_lease
INSERT INTO lease (run_id, token, cancel_requested, renewals, renewed_monotonic, renewed_at,
    host, boot_id, pid, process_started)
VALUES (:run_id, 1, 0, 0, :monotonic, :now, :host, :boot_id, :pid, :started);

-- name: insert_driver
-- An earlier driver's snapshot and packages stay; a NULL takes over what the driver before had.
INSERT INTO driver (run_id, token, started_at, host, pid, snapshot, python, packages, argv, cwd)
VALUES (:run_id, :token, :now, :host, :pid, :snapshot, :python, :packages, :argv, :cwd);

-- name: insert_driver_as_before
-- A driver of which nothing new is known runs as the one before it.
INSERT INTO driver (run_id, token, started_at, host, pid, snapshot, python, packages, argv, cwd)
SELECT run_id, :token, :now, :host, :pid, snapshot, python, packages, argv, cwd
FROM driver WHERE run_id = :run_id AND token < :token ORDER BY token DESC LIMIT 1;

-- name: insert_package_set
INSERT INTO package_set (digest, packages) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: find_run
SELECT id, status FROM run WHERE flow = ? AND number = ?;

-- name: lease
SELECT token, renewals, renewed_monotonic, renewed_at, host, boot_id, pid, process_started
FROM lease WHERE run_id = ?;

-- name: take_lease
UPDATE lease SET token = token + 1, cancel_requested = 0, renewals = renewals + 1, renewed_monotonic = :monotonic,
    renewed_at = :now, host = :host, boot_id = :boot_id, pid = :pid, process_started = :started
WHERE run_id = :run_id;

-- name: restart_run
UPDATE run SET status = 'running', started_at = :now, ended_at = NULL WHERE id = :run_id;

-- name: move_run
-- The flow's file was moved between two drivers.
UPDATE run_detail SET module = :module, file = :file WHERE run_id = :run_id;

-- name: forget_end
UPDATE run_detail SET result = NULL, error = NULL WHERE run_id = ?;

-- name: fence
-- The one look before each write of a driver.
SELECT token, cancel_requested FROM lease WHERE run_id = ?;

-- name: renew
UPDATE lease SET renewals = renewals + 1, renewed_monotonic = ?, renewed_at = ?, counts = coalesce(?, counts)
WHERE run_id = ?;

-- name: upsert_run_metric
INSERT OR REPLACE INTO run_metric VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: forget_run_metrics
DELETE FROM run_metric WHERE run_id = ?;

-- name: forget_run_points
DELETE FROM old_run_point WHERE run_id = ?;

-- name: note_in_flight
INSERT INTO in_flight (run_id, tasks) VALUES (?, ?) ON CONFLICT (run_id) DO UPDATE SET tasks = excluded.tasks;

-- name: forget_in_flight
DELETE FROM in_flight WHERE run_id = ?;

-- name: end_driver
-- How long the driver before took, up to its end or its last sign of life.
UPDATE driver SET ended_at = (SELECT coalesce(run.ended_at, lease.renewed_at)
    FROM run JOIN lease ON lease.run_id = run.id WHERE run.id = driver.run_id)
WHERE run_id = :run_id AND token < :token AND ended_at IS NULL
    AND token = (SELECT max(token) FROM driver AS latest WHERE latest.run_id = :run_id);

-- name: end_run
UPDATE run SET status = ?, ended_at = ? WHERE id = ?;

-- name: end_run_detail
UPDATE run_detail SET result = ?, error = ? WHERE run_id = ?;

-- name: upsert_step
INSERT INTO step (run_id, step, name, source, cached, granted) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (run_id, step) DO UPDATE SET name = excluded.name, source = excluded.source, cached = excluded.cached,
    granted = excluded.granted;

-- name: insert_step
-- A task may come before the record of its step.
INSERT INTO step (run_id, step, name, source) VALUES (?, ?, ?, '') ON CONFLICT DO NOTHING;

-- name: insert_granted
INSERT INTO granted (executor, cpu, memory_bytes, gpu, timeout_s, lanes) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: granted_id
SELECT id FROM granted
WHERE executor = ? AND cpu = ? AND memory_bytes = ? AND gpu = ? AND timeout_s = ? AND lanes = ?;

-- name: step_id
SELECT id FROM step WHERE run_id = ? AND step = ?;

-- name: upsert_task
-- The same record again keeps the mark of delivery; another attempt, or another end, loses it. What an attempt was given
-- the driver has written that started it.
-- What most tasks have not comes as 0 or '', and is NULL here: Python's `sqlite3` takes five times as long to bind a None.
INSERT INTO task (id, step_id, number, status, attempt, began_at, wall_s, cpu_s, peak_bytes, read_bytes, written_bytes,
    size, key, digest, inputs_digest, shared, worker, log_file, log_start, log_end, culprit, preview, blobs, error,
    inputs, record, code, origin, why, symbols, settled, revision, scope, map, layout, granted, waited_ms)
VALUES (?, ?, ?, ?, nullif(?, 1), ?, ?, ?, nullif(?, 0), nullif(?, 0), nullif(?, 0),
    ?, ?, nullif(?, ''), nullif(?, ''), nullif(?, ''), nullif(?, ''), nullif(?, ''), nullif(?, 0), nullif(?, 0),
    nullif(?, ''), ?, nullif(?, ''), nullif(?, ''),
    nullif(?, ''), ?, nullif(?, 0), nullif(?, ''), nullif(?, ''), nullif(?, ''), nullif(?, 0), ?,
    nullif(?, 0), nullif(?, 0), nullif(?, ''), nullif(?, 0), nullif(?, -1))
ON CONFLICT (id) DO UPDATE SET
    granted = CASE WHEN excluded.granted IS NULL AND attempt IS excluded.attempt THEN granted ELSE excluded.granted END,
    waited_ms = excluded.waited_ms,
    delivered = CASE WHEN status = excluded.status AND attempt IS excluded.attempt THEN delivered END,
    step_id = excluded.step_id, number = excluded.number, status = excluded.status, attempt = excluded.attempt,
    began_at = excluded.began_at, wall_s = excluded.wall_s, cpu_s = excluded.cpu_s, peak_bytes = excluded.peak_bytes,
    read_bytes = excluded.read_bytes, written_bytes = excluded.written_bytes, size = excluded.size, key = excluded.key,
    digest = excluded.digest, inputs_digest = excluded.inputs_digest, shared = excluded.shared,
    worker = excluded.worker, log_file = excluded.log_file, log_start = excluded.log_start,
    log_end = excluded.log_end, culprit = excluded.culprit, preview = excluded.preview, blobs = excluded.blobs,
    error = excluded.error, inputs = excluded.inputs, record = excluded.record, code = excluded.code,
    origin = excluded.origin, why = excluded.why, symbols = excluded.symbols, settled = excluded.settled,
    revision = excluded.revision, scope = excluded.scope, map = excluded.map, layout = excluded.layout;

-- name: insert_plain_task
-- A task without a row, of which there is no more to say than of most; what is not named is NULL. It takes three quarters
-- of the time of `upsert_task`.
INSERT INTO task (id, step_id, number, status, settled, began_at, wall_s, cpu_s, peak_bytes, size, key, digest, worker,
    preview, inputs, record, code, revision, map, granted, waited_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: last_revision
-- Of a run's tasks; NULL: it has none.
SELECT max(coalesce(task.revision, task.id & 4294967295))
FROM step CROSS JOIN task ON task.step_id = step.id WHERE step.run_id = ?;

-- name: upsert_intent
INSERT INTO intent (task_id, attempt, executor, handle) VALUES (?, ?, ?, nullif(?, ''))
ON CONFLICT (task_id) DO UPDATE SET attempt = excluded.attempt, executor = excluded.executor, handle = excluded.handle;

-- name: upsert_scope
INSERT INTO scope (run_id, id, parent, flow, name, number, key, status, inputs, began_at, ended_at, result, error,
    settled)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run_id, id) DO UPDATE SET status = excluded.status, inputs = excluded.inputs,
    ended_at = excluded.ended_at, result = excluded.result, error = excluded.error, settled = excluded.settled;

-- name: end_scopes
-- What went on when the run ended, or was not called again.
UPDATE scope SET status = 'cancelled', ended_at = :now WHERE run_id = :run_id AND status = 'running';

-- name: deliver
UPDATE task SET delivered = 1, revision = ? WHERE id = ?;

-- name: undeliver
UPDATE task SET delivered = NULL, revision = ? WHERE id = ?;

-- name: cancel
-- Its inputs and all else that an earlier driver wrote of it stays.
UPDATE task SET status = 'cancelled', error = ?, revision = ? WHERE id = ?;

-- name: insert_shared
INSERT INTO shared_inputs (run_id, digest, inputs) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: upsert_attempt
INSERT INTO attempt (task_id, number, outcome, granted) VALUES (?, ?, ?, ?)
ON CONFLICT (task_id, number) DO UPDATE SET outcome = excluded.outcome, granted = excluded.granted;

-- name: upsert_metric
-- A hint never takes the place of an outcome, which has all of the points.
INSERT INTO metric VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (task_id, attempt, driver, name) DO UPDATE SET points = excluded.points, last = excluded.last,
    last_step = excluded.last_step, last_at = excluded.last_at, first = excluded.first,
    first_step = excluded.first_step, first_at = excluded.first_at, smallest = excluded.smallest,
    largest = excluded.largest, nonfinite = excluded.nonfinite, least_step = excluded.least_step,
    file = excluded.file, blob = excluded.blob, size = excluded.size
WHERE excluded.points > metric.points;

-- name: forget_metrics
-- An outcome carries all metrics of its attempt: those of tries under earlier drivers, too, which it went on from.
DELETE FROM metric WHERE task_id = ? AND attempt = ?;

-- name: forget_task_metrics
DELETE FROM metric WHERE task_id = ?;

-- name: forget_task_points
DELETE FROM old_point WHERE task_id = ?;

-- name: insert_blob
INSERT INTO run_blob (run_id, digest) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: prior_steps
SELECT id, step, name FROM step WHERE run_id = ?;

-- name: prior_scopes
SELECT id, parent, flow, name, number, key, status, inputs, began_at, ended_at, result, error, settled
FROM scope WHERE run_id = :run_id AND (:id IS NULL OR id = :id) ORDER BY id;

-- name: prior_tasks
SELECT id & 4294967295, step_id, number, key, status, inputs_digest, attempt, delivered, size, digest, record, preview,
    blobs, culprit, symbols, layout, error, code, origin, settled
FROM task WHERE id > :first AND id <= :last ORDER BY id;

-- name: prior_intents
SELECT task_id & 4294967295, attempt, executor, coalesce(handle, '')
FROM intent WHERE task_id > :first AND task_id <= :last;

-- name: insert_code
-- What is there is the same, or damaged.
INSERT INTO code (digest, tree) VALUES (?, ?)
ON CONFLICT (digest) DO UPDATE SET tree = excluded.tree WHERE tree IS NOT excluded.tree;

-- name: code_id
SELECT id FROM code WHERE digest = ?;

-- name: code_digest
SELECT digest FROM code WHERE id = ?;

-- name: release_all
DELETE FROM cache_claim WHERE run_id = ?;

-- name: request_cancel
UPDATE lease SET cancel_requested = 1 WHERE run_id = ?;

-- name: insert_tag
INSERT INTO tag (run_id, tag) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- name: name_run
UPDATE run SET name = nullif(?, '') WHERE id = ?;

-- name: note_run
UPDATE run SET note = nullif(?, '') WHERE id = ?;

-- name: delete_tag
DELETE FROM tag WHERE run_id = ? AND tag = ?;

-- name: delete_run
-- What refers to it goes with it, but for its steps and tasks: `needs.sql` removes those, which may be many.
DELETE FROM run WHERE id = ?;

-- name: delete_run_detail
DELETE FROM run_detail WHERE run_id = ?;

-- name: delete_run_lease
DELETE FROM lease WHERE run_id = ?;

-- name: delete_run_drivers
DELETE FROM driver WHERE run_id = ?;

-- name: delete_unused_locks
DELETE FROM environment WHERE digest NOT IN (SELECT digest FROM run_environment);

-- name: delete_unused_packages
DELETE FROM package_set WHERE digest NOT IN (SELECT packages FROM driver WHERE packages IS NOT NULL);
