-- What of a step's tasks is counted: nearly all are done, ran and were called by the run's own flow, and stand in none of
-- these.
CREATE INDEX task_undone ON task (step_id, status) WHERE status <> 'done';
CREATE INDEX task_copied ON task (step_id) WHERE origin IS NOT NULL;
CREATE INDEX task_in_scope ON task (step_id, scope, status) WHERE scope IS NOT NULL;
CREATE INDEX task_first_of_map ON task (step_id) WHERE map = (id & 4294967295);
