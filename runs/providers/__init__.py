"""The providers of models, how one request reaches them, and the offline stand-in."""
