"""Cases: creating, changing, finding, moving and showing them."""
