"""The connection to Redis, the bell that wakes workers, and the cache that all web processes share."""
