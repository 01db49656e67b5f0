"""Groups: the people who together take over what is handed to their group, and the hours in which they work."""
