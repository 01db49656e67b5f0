"""Impact: what a change would have done to the last runs that decided."""
