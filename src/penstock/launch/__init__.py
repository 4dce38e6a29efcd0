"""Starts, resumes and ends runs. Knows nothing of terminals: whoever starts a run hands in a `Watcher`."""
