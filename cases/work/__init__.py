"""Cases: creating, changing, moving and showing them."""
