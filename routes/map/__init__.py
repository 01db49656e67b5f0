"""The map of handovers: who hands over to whom, how often, and how it is drawn."""
