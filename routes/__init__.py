"""Who goes where, and whether that is right."""
