"""Sources: where work comes in, what became of it, and how its parts become those of a case."""
