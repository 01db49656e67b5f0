"""Webhooks: their addresses, the outbox they are fed from, and the delivery of its messages."""
