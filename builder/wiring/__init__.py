"""How agents and queues fit together, what is wrong with it, and the quick fixes."""
