"""How much is worked at once, how long models and tools may take, and what a run may use."""

import os

from .environment import number, whole

RUNS_PER_WORKER = whole("RUNS_PER_WORKER", 50, least=1)
BATON_LEASE_SECONDS = number("BATON_LEASE_SECONDS", 15)
# The model of agents without a model of their own.
BATON_DEFAULT_MODEL = os.environ.get("BATON_DEFAULT_MODEL", "offline")

# How often a temporary error (429, 5xx, no connection) is retried, with a longer wait each time.
MODEL_RETRIES = whole("MODEL_RETRIES", 4)
# The longest pause that a provider may ask for.
MODEL_WAIT_SECONDS = number("MODEL_WAIT_SECONDS", 3600)
MODEL_CONNECT_SECONDS = number("MODEL_CONNECT_SECONDS", 10)
MODEL_SILENCE_SECONDS = number("MODEL_SILENCE_SECONDS", 60)
MODEL_TOTAL_SECONDS = number("MODEL_TOTAL_SECONDS", 600)
# How long a call of an MCP server's tool may take.
TOOL_SECONDS = number("TOOL_SECONDS", 60)
# What a run may use if neither its agent nor its team has a budget; 0 is no limit. Requests to its model, tokens in
# and out, US dollars, minutes of work.
RUN_REQUEST_LIMIT = whole("RUN_REQUEST_LIMIT", 50)
RUN_TOKEN_LIMIT = whole("RUN_TOKEN_LIMIT", 2000000)
RUN_USD_LIMIT = number("RUN_USD_LIMIT", 5)
RUN_MINUTES_LIMIT = number("RUN_MINUTES_LIMIT", 60)
