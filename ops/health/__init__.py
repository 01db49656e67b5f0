"""The health checks for load balancers and monitors, and the health page of the admin."""
