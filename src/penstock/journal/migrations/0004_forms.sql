-- By which version of the canonical form the values and the tasks of a run are told apart (docs/formats.md).

ALTER TABLE run_detail ADD COLUMN form INTEGER NOT NULL DEFAULT 1;
