"""What a person may see and do, and the live stream that follows those permissions."""
