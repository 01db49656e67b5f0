"""Agents that start at set times."""
