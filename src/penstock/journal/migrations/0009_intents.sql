-- Where an attempt was started that outlives its driver: whoever drives the run next asks for it there.

CREATE TABLE intent (
    task_id INTEGER PRIMARY KEY REFERENCES task ON DELETE CASCADE,
    attempt INTEGER NOT NULL,           -- the latest; an earlier one is over
    executor TEXT NOT NULL,
    handle TEXT                         -- by which the executor finds it; NULL: its id is enough, or nothing was said
);
