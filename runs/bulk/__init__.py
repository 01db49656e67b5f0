"""One action on many cases."""
