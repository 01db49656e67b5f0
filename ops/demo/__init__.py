"""The demo team and how it gets into an empty database."""
