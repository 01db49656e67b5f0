"""Routing tests: where inputs should go, and the gate that lets no change break a route unseen."""
