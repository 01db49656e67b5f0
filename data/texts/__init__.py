"""Texts and JSON from outside: what may be stored, what may be seen, and what looks alike."""
