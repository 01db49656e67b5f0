"""Routing tests: what they expect, and how they are made, changed and removed."""
