"""The cases and what happened to them. This app does not know runs."""
