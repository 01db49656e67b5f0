"""Agents: saving, finding, archiving, and what they are connected to."""
