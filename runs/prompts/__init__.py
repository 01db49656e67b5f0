"""What a model is told, and how what it writes is read: quoting, arguments, times."""
