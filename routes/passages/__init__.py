"""Which passages of a procedure routed what, and how often that was corrected."""
