"""The start page, the tour and the command palette."""
