"""Who may do what: people and their teams, permissions, keys, the audit log, webhooks and the team's settings."""
