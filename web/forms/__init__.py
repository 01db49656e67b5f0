"""What is wrong in a field, in words, and refusals as form errors."""
