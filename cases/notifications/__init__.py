"""What members are told of what concerns them: in Baton, below the bell, and by email."""
