"""What agents used of models, and the limits on it."""
