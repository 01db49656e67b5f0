"""The sections of the product and of its settings, in their order."""

NAVIGATION = [
    # URL name, label, icon, whether it is in the bar of phones, and the key after "g"
    ("home", "Home", "house", True, "h"),
    ("inbox", "Inbox", "inbox", True, "i"),
    ("agents", "Agents", "bot", True, "a"),
    ("queues", "Queues", "layers", False, "q"),
    ("cases", "Cases", "square-check-big", True, "c"),
    ("runs", "Runs", "activity", False, "r"),
    ("schedules", "Schedules", "calendar-clock", False, "e"),
    ("map", "Map", "waypoints", False, "m"),
    ("reports", "Reports", "chart-no-axes-combined", False, "p"),
    ("usage", "Usage", "chart-column", False, "u"),
    ("settings", "Settings", "settings", False, "s"),
]

# The sections of the settings. Each has pages below `settings/` that extend teams/settings.html.
SETTINGS = [
    # URL name, label, icon, and whether it is for administrators only
    ("members", "Members", "users", False),
    ("groups", "Groups", "contact", False),
    ("general", "General", "sliders-horizontal", True),
    ("keys", "API keys", "key-round", True),
    ("model_settings", "Models", "brain", True),
    ("request_settings", "Requests", "inbox", True),
    ("budgets", "Budgets", "gauge", True),
    ("tool_servers", "Tools", "wrench", True),
    ("sources", "Sources", "log-in", True),
    ("webhooks", "Webhooks", "webhook", True),
    ("audit_log", "Audit log", "scroll-text", True),
    ("notification_settings", "Notifications", "bell", False),
]
