"""The processes that work: dispatcher, shift, RQ worker, and the sweeps of the clock."""
