"""The routes of work between agents, and whether they are right."""
