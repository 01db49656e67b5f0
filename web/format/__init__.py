"""How amounts, times, states, prose and spreadsheets read."""
