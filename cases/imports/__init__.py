"""Tables that people upload or paste, and the cases made from their rows."""
