"""Drafts and revisions of a procedure, and the differences between them."""
