"""Schedules, which start agents at set times."""
