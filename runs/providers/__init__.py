"""The providers of models, and how one request reaches them."""
