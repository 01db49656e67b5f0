"""What every other package builds on: rows, ids, secrets, texts, addresses, and Redis. No models, no pages."""
