"""Queues: their consumers and statistics, the labels of cases and the schema of their data."""
