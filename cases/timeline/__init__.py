"""The timeline of a case: its events, their words, and the stages and the picture drawn from them."""
