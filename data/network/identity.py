"""What Baton calls itself to others: MCP servers, providers of models, receivers of webhooks, collectors of spans."""

# As in pyproject.toml, which is not there where Baton runs in a container.
VERSION = "1.0.0"
USER_AGENT = f"Baton/{VERSION}"
