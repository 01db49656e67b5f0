"""What people add to a case: comments, files and watchers."""
