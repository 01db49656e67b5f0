"""What `script/server` starts: PostgreSQL and Valkey from their wheels, and the programs that use them."""
