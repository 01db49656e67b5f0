"""The gate of routing tests: what would change routes is checked before it is saved."""
