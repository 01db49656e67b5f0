"""The check-up of an installation, and what must always be true of its data."""
