-- What the random numbers of a run's steps come of, beside the tasks themselves.

ALTER TABLE run_detail ADD COLUMN seed TEXT;    -- in digits; NULL: none
