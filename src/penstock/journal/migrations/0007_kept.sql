-- Reasons to keep values.

-- Why a value is kept beyond the run that made it.
CREATE TABLE pin (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    made_at REAL NOT NULL,
    value BLOB NOT NULL                 -- wire: stored
);

-- Blobs that pinned values refer to, for gc.
CREATE TABLE pin_blob (
    pin_id INTEGER NOT NULL REFERENCES pin ON DELETE CASCADE,
    digest BLOB NOT NULL,
    PRIMARY KEY (pin_id, digest)
) WITHOUT ROWID;
