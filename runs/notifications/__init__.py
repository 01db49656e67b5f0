"""Tells members by email, and programs by webhook, what runs do."""
