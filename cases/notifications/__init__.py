"""Notifications tell members what concerns them: in Baton, below the bell, and by email."""
