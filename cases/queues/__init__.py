"""Queues: who takes cases from them, how they move, their labels and the schema of their data."""
