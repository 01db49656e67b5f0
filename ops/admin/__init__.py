"""The operators' admin: what those who run an installation see of all teams."""

from . import builder, cases, runs, teams

__all__ = ["builder", "cases", "runs", "teams"]
