"""What was run, and what came of it, read from a project's journal, store and logs. Writes nothing there."""
