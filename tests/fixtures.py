"""Real rows for tests."""
