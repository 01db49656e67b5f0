"""MCP servers, their tools, and conversations with them."""
