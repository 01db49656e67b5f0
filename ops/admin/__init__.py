"""The operators' admin: what those who run an installation see of all teams."""

from . import builder, cases, channels, runs, teams

__all__ = ["builder", "cases", "channels", "runs", "teams"]
