"""The bytes of an email, read into what a case needs: leniently, with bounds, and without losing anything."""
