-- Where else values of the project lie.

-- name: places
SELECT url, project, mark, next_mark FROM far_place ORDER BY id DESC;

-- name: insert_place
INSERT INTO far_place (url, project, mark, next_mark) VALUES (?, ?, '', '');

-- name: intend
UPDATE far_place SET next_mark = ? WHERE url = ? AND project = ?;

-- name: own
UPDATE far_place SET mark = ?, next_mark = '' WHERE url = ? AND project = ?;
