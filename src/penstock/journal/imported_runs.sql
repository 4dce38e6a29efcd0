-- Runs that another tool recorded.

-- name: find
SELECT run_id FROM tag WHERE tag = ? LIMIT 1;

-- name: keys
SELECT tag.tag, run.id, run.flow, run.number, run.status FROM tag JOIN run ON run.id = tag.run_id
WHERE tag.tag >= :low AND tag.tag < :high;

-- name: nonces
SELECT nonce, id, flow, number FROM run WHERE nonce IS NOT NULL;

-- name: forget_params
DELETE FROM param WHERE run_id = ?;

-- name: set_params
UPDATE run_detail SET params = ? WHERE run_id = ?;

-- name: forget_blobs
DELETE FROM run_blob WHERE run_id = ?;

-- name: forget_recorded
DELETE FROM recorded WHERE run_id = ?;
