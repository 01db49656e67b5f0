"""Running an installation."""
