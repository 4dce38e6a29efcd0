"""Where attempts run. Each executor starts, watches and cancels attempts; what to run is decided elsewhere."""
