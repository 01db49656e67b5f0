"""How work comes in by itself: sources that make cases of what other systems send."""
