"""Mailboxes at IMAP servers: their settings, what Baton does there, and the regular look at them."""
