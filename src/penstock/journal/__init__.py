"""The durable record of runs, tasks and attempts, in SQLite."""
