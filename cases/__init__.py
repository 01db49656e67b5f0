"""The work and what happened to it. Knows no run."""
