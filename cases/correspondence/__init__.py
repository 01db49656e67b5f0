"""Correspondence: the messages between a case and the customer it came from."""
