"""The checks of an installation, and the invariants of its data."""
