"""The API, version 1: the routers of the apps, put together."""

from ninja.openapi.docs import Swagger

import builder.api
import builder.tool_api
import builder.usage_api
import cases.api
import cases.attachment_api
import runs.api
import runs.case_api
import runs.correction_api
import runs.model_api
import runs.schedule_api
import teams.audit_api
import teams.team_api
import teams.webhook_api
from teams.api import Api

TAGS = {
    "Agents": "Agents, their procedures, and the revisions of these.",
    "Queues": "Where cases wait for the agents that consume them.",
    "Cases": "Pieces of work: their data, their timelines, and what people and programs do to them.",
    "Attachments": "Files of cases.",
    "Runs": "One agent working once, on a case or standalone, step by step.",
    "Human requests": "Questions and approvals that runs wait for.",
    "Corrections": "What people say was routed to the wrong agent.",
    "Schedules": "Agents that start by the clock.",
    "MCP servers": "Servers with tools for agents.",
    "Models": "The team's own keys to model providers.",
    "Usage": "What agents used of models.",
    "Webhooks": "Addresses that are told what happens, and the messages to them.",
    "Team": "The team, its members, and the key of the request.",
    "Audit log": "Who did what, and when.",
}

api = Api(
    title="Baton",
    version="1",
    description="Every id, list and change belongs to the team of the key that a request carries:"
    " `Authorization: Bearer baton_…`. Administrators make keys in the settings. How many requests a key may send in a"
    " minute, `RateLimit-Limit`, `-Remaining` and `-Reset` tell; beyond that the answer is 429 with `Retry-After`.",
    # Where the document itself came from: people reach one installation by several names.
    servers=[{"url": "/", "description": "This installation"}],
    openapi_extra={
        "info": {
            "contact": {"name": "The administrators of your team"},
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": name, "description": words} for name, words in TAGS.items()],
    },
    # Without a validator, or the page would send its address to one.
    docs=Swagger({"validatorUrl": None, "tryItOutEnabled": True, "defaultModelsExpandDepth": 0}),
)
api.add_router("", builder.api.router)
api.add_router("", builder.usage_api.router)
api.add_router("", builder.tool_api.router)
api.add_router("", cases.api.router)
api.add_router("", cases.attachment_api.router)
api.add_router("", runs.api.router)
api.add_router("", runs.case_api.router)
api.add_router("", runs.correction_api.router)
api.add_router("", runs.schedule_api.router)
api.add_router("", runs.model_api.router)
api.add_router("", teams.team_api.router)
api.add_router("", teams.webhook_api.router)
api.add_router("", teams.audit_api.router)
