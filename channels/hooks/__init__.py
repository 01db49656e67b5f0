"""Hooks: addresses to which any system can send JSON or forms."""
