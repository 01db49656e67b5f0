"""Everything that operators need to run an installation."""
