"""What a model is told, and how Baton reads its answers: quoting, arguments, times."""
