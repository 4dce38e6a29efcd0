"""What other tools keep of runs, in and out. None of these tools is imported, and nothing of theirs unpickled."""
