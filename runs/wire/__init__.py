"""What providers of models answer over HTTP, read as far as it can be read, before their own libraries see it."""
