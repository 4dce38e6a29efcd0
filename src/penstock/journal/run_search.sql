-- Which runs a condition holds for. {key}, {where}, {order} and {after} are parts of `conditions.sql` and of this file.

-- name: rows
SELECT found.key, run_row.*
FROM (SELECT run.id AS id, {key} AS key FROM run WHERE ({where}) AND ({after}) ORDER BY {order} LIMIT ?) AS found
    JOIN run_row ON run_row.id = found.id
ORDER BY {order};

-- name: ids
SELECT id FROM (SELECT run.id AS id, {key} AS key FROM run WHERE ({where}) ORDER BY {order} LIMIT ?);

-- name: counts
SELECT {key}, count(*) FROM run WHERE ({where}) GROUP BY 1;

-- name: newest
id DESC

-- name: oldest
id

-- name: largest
key IS NULL, key DESC, id DESC

-- name: smallest
key IS NULL, key, id DESC

-- name: all
1

-- name: older
id < ?

-- name: newer
id > ?

-- name: below
key < ? OR (key = ? AND id < ?) OR key IS NULL

-- name: above
key > ? OR (key = ? AND id < ?) OR key IS NULL

-- name: without
key IS NULL AND id < ?

-- name: params
SELECT run_id, name, type, value FROM param
WHERE run_id IN (SELECT value FROM json_each(?)) AND (? IS NULL OR name IN (SELECT value FROM json_each(?)))
ORDER BY run_id, name;

-- name: all_metrics
SELECT run_id, name, step, last FROM metric_fact WHERE run_id IN (SELECT value FROM json_each(?))
ORDER BY run_id, name, step;

-- name: metric_exists
SELECT 1 FROM metric_fact WHERE name = ? LIMIT 1;

-- name: step_metric_exists
SELECT 1 FROM metric_fact WHERE name = ? AND step = ? LIMIT 1;

-- name: param_exists
SELECT 1 FROM param WHERE name = ? LIMIT 1;

-- name: metric_names
-- Each once, by the index.
WITH RECURSIVE known (name) AS (
    SELECT min(name) FROM metric_fact
    UNION ALL SELECT (SELECT min(name) FROM metric_fact WHERE name > known.name) FROM known WHERE known.name IS NOT NULL
) SELECT name FROM known WHERE name IS NOT NULL;

-- name: param_names
WITH RECURSIVE known (name) AS (
    SELECT min(name) FROM param
    UNION ALL SELECT (SELECT min(name) FROM param WHERE name > known.name) FROM known WHERE known.name IS NOT NULL
) SELECT name FROM known WHERE name IS NOT NULL;

-- name: tags
WITH RECURSIVE known (tag) AS (
    SELECT min(tag) FROM tag
    UNION ALL SELECT (SELECT min(tag) FROM tag WHERE tag > known.tag) FROM known WHERE known.tag IS NOT NULL
) SELECT tag FROM known WHERE tag IS NOT NULL;

-- name: param_values
SELECT DISTINCT type, value FROM param WHERE name = ? ORDER BY value LIMIT ?;

-- name: steps_of_metric
-- "" is the flow's own body.
SELECT DISTINCT step FROM metric_fact WHERE name = ? ORDER BY step;

-- name: unclear
-- Runs in which several steps logged it, and the body did not.
SELECT run_id FROM metric_fact WHERE name = ? GROUP BY run_id HAVING min(step) != '' AND count(*) > 1 LIMIT 1;

-- name: params_in_use
-- With their types and values, where one of each is all.
SELECT name, count(*), min(type), min(value), min(type) = max(type) AND min(value) IS max(value) AND count(value) IN (0, count(*))
FROM param WHERE run_id IN (SELECT run.id FROM run WHERE ({where}))
GROUP BY name ORDER BY count(*) DESC, name LIMIT ?;

-- name: metrics_in_use
SELECT name, count(DISTINCT run_id), json_group_array(DISTINCT step), max(first IS NOT last OR smallest IS NOT largest) FROM metric_fact
WHERE run_id IN (SELECT run.id FROM run WHERE ({where})) GROUP BY name ORDER BY 2 DESC, name LIMIT ?;

-- name: tags_in_use
SELECT tag, count(*) FROM tag WHERE run_id IN (SELECT run.id FROM run WHERE ({where}))
GROUP BY tag ORDER BY count(*) DESC, tag LIMIT ?;

-- name: by_flow
SELECT 'flow', run.flow, {key}, count(*), max(run.id) FROM run
WHERE ({where}) GROUP BY 1, 2, 3;

-- name: by_status
SELECT 'status', {key}, {key}, count(*), max(run.id) FROM run
WHERE ({where}) GROUP BY 1, 2, 3;

-- name: by_tag
SELECT 'tag', tag.tag, {key}, count(*), max(run.id) FROM run JOIN tag ON tag.run_id = run.id
WHERE run.id IN (SELECT run.id FROM run WHERE ({where})) GROUP BY 1, 2, 3;

-- name: by_param
SELECT grouped.type, grouped.value, {key}, count(*), max(run.id)
FROM run JOIN param AS grouped ON grouped.run_id = run.id AND grouped.name = ?
WHERE run.id IN (SELECT run.id FROM run WHERE ({where})) GROUP BY 1, 2, 3;

-- name: curve_sources
-- The task that a run's metric was logged by last; of a run's own see `metric` of `conditions.sql`.
SELECT run_id, CASE WHEN min(step) = '' THEN 0 ELSE last_task END FROM metric_fact
WHERE run_id IN (SELECT value FROM json_each(?)) AND name = ? AND (? IS NULL OR step = ?)
GROUP BY run_id HAVING min(step) = '' OR count(*) = 1;

-- name: flows_found
SELECT name FROM flow WHERE instr(lower(name), ?) ORDER BY instr(lower(name), ?), length(name), name LIMIT ?;

-- name: tags_found
SELECT tag, count(*) FROM tag WHERE instr(lower(tag), ?) GROUP BY tag ORDER BY instr(lower(tag), ?), length(tag), tag LIMIT ?;

-- name: steps_found
SELECT name, count(DISTINCT run_id), max(run_id) FROM step WHERE run_id IS NOT NULL AND instr(lower(name), ?)
GROUP BY name ORDER BY instr(lower(name), ?), length(name), name LIMIT ?;
