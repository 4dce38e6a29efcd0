"""What an attempt runs in: the project's sources as they were, interpreter, packages, and the kit for foreign ones.

Knows the model and nothing of stores, workers or runs: it reads and writes plain files in folders it is given.
"""
