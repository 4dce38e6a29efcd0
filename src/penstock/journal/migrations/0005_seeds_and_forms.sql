-- What the random numbers of a run's steps come of, beside the tasks themselves; and by which version of the canonical form
-- the values and the tasks of a run are told apart (docs/formats.md).

ALTER TABLE run_detail ADD COLUMN seed TEXT;    -- in digits; NULL: none
ALTER TABLE run_detail ADD COLUMN form INTEGER NOT NULL DEFAULT 1;
