"""One run, from its first turn to its outcome: turns, tools, steps, handovers, questions."""
