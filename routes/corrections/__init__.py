"""Corrections: people record which agent should have had a case."""
