"""Who works here and what they are told: agents, their procedures, tools and connections."""
