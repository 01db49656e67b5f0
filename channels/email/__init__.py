"""Emails: what comes in becomes a case or joins one, and answers go out."""
