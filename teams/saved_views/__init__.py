"""Saved views: filters of the lists of cases, runs and requests under a name, of one member or of the team."""
