"""What people do to runs and cases: answering, moving, starting."""
