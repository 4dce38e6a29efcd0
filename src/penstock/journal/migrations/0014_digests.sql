-- Who made a value. Not of what is small: an entry would cost its task a tenth of what it takes in all.

CREATE INDEX task_by_digest ON task (digest) WHERE blobs IS NOT NULL;
