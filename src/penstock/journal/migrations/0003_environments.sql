-- What the steps of a run were run with, so that a resume and a fork get the same versions.

CREATE TABLE environment (
    digest TEXT PRIMARY KEY,            -- of the lock
    lock TEXT NOT NULL                  -- as `environments` writes it
) WITHOUT ROWID;

CREATE TABLE run_environment (
    run_id INTEGER NOT NULL,
    wish TEXT NOT NULL,                 -- digest of what was asked for
    digest TEXT NOT NULL,               -- of the lock that was made of it
    PRIMARY KEY (run_id, wish)
) WITHOUT ROWID;
