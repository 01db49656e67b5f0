"""What people leave at a case: comments, files, and that they watch it."""
