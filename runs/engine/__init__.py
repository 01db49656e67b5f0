"""One run, from its claim to its outcome: turns, tools, steps, handovers, questions."""
