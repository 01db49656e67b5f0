"""Runs as people and programs read them: lists, pages, the conversation."""
