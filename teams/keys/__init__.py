"""API keys and provider credentials, and what every API request has in common."""
