"""What happens to a case that is handed over to an agent which cannot take it."""
