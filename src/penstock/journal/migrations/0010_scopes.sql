-- What a run is made of beside its tasks: nested flows and maps.

-- Nested flows. Their ids are numbers among those of the run's tasks.
CREATE TABLE scope (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    id INTEGER NOT NULL,
    parent INTEGER NOT NULL,            -- scope.id; 0: the run's own flow
    flow TEXT NOT NULL,                 -- module-qualified name
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    key BLOB NOT NULL,
    status TEXT NOT NULL,
    inputs BLOB,                        -- wire: inputs, without trailing defaults
    began_at REAL NOT NULL,
    ended_at REAL NOT NULL,             -- 0: it has not
    result BLOB,                        -- wire: stored
    error BLOB,                         -- wire: error
    settled INTEGER NOT NULL,           -- as a task's; 0: its caller has waited
    PRIMARY KEY (run_id, id)
) WITHOUT ROWID;

ALTER TABLE task ADD COLUMN scope INTEGER;      -- scope.id of the nested flow that called it; NULL: the run's own flow
ALTER TABLE task ADD COLUMN map INTEGER;        -- number of the first task of its map; NULL: it was called alone
