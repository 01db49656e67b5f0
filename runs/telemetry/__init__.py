"""What operators measure: logs, counters, metrics and traces."""
