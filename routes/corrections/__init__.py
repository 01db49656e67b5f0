"""Corrections: people say which agent should have had a case."""
