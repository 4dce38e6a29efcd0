"""The far tier of a project's store: a place that far machines see too."""
