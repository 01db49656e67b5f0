"""Addresses that people give us to send to, and what Baton calls itself there."""
