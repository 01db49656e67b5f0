"""What is written of a run, under the fence of its claim: claims, status, steps, outcomes."""
