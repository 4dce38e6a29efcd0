"""Values <-> bytes: canonical digests, serializers, the content-addressed store. Knows nothing of runs and tasks."""
