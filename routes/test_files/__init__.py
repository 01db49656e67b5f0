"""Routing tests as files: beside those of their agents, in tables, and their results for programs that build."""
