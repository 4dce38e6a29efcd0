"""What a step's code comes to: a fingerprint of all that it reaches, read off the sources.

Knows the model and nothing of runs, stores or workers.
"""
