"""The record of a run, written under the fence of its claim: claims, status, steps, outcomes."""
