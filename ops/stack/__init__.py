"""The programs of one installation: the embedded servers, web, workers and clock, and what keeps them running."""
