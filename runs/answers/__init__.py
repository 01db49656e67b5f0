"""Answers from the emails about requests: by the link in an email, and by a reply to it."""
