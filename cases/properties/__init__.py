"""What the page of a case shows of it besides its timeline, and what is edited where it stands."""
