"""How well work went: what was resolved, how soon, and how often a handover was right."""
