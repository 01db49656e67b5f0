"""What a team decides for all of its work: budgets, pauses, time zone."""
