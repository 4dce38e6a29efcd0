"""What other libraries do while a step runs, as the step's metrics: a module for each. Knows nothing of attempts."""
