"""How a run begins: which case goes to which agent, what the run is told, and the targets that are frozen for it."""
