"""The tools that a run offers its model: Baton's own, and those of MCP servers."""
