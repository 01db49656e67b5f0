"""The lane of tests: how their runs, and replays, are taken up beside those of cases, and what is forgotten of them."""
