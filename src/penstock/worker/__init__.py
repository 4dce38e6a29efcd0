"""Runs one attempt, anywhere: resolve inputs, call, store, publish the outcome. Part of the kit."""
