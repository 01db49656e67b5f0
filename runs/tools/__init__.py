"""The tools a run offers its model: our own, and those of MCP servers."""
