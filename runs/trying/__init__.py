"""Trying an agent without any effect."""
