"""Who uses a project's space, and giving it back."""
