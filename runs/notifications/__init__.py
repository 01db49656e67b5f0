"""Who is told what runs do: members by email, programs by webhook."""
