-- Where else values of the project lie.

-- A project's folder in a far tier, which this journal has owned, or owns: the last one of its URL.
CREATE TABLE far_place (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    project TEXT NOT NULL,              -- name of the folder there
    mark TEXT NOT NULL,                 -- what this journal has written there last, to own it; '' nothing
    next_mark TEXT NOT NULL,            -- what was about to be written in the place of that
    UNIQUE (url, project)
);
