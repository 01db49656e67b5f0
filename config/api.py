"""Version 1 of the API, which combines the routers of the apps."""

from ninja.openapi.docs import Swagger

from builder.agents.api import router as agents_router
from builder.history.api import router as revisions_router
from builder.tools.api import router as tools_router
from builder.usage.api import router as usage_router
from cases.collaboration.api import router as collaboration_router
from cases.queues.api import router as queues_router
from cases.work.api import router as work_router
from channels.email.api import router as email_router
from channels.sources.api import router as sources_router
from routes.checks.api import router as checks_router
from routes.corrections.api import router as corrections_router
from routes.impact.api import router as impact_router
from routes.passages.api import router as passages_router
from routes.routing_tests.api import router as routing_tests_router
from runs.people.case_api import router as people_case_router
from runs.providers.api import router as providers_router
from runs.results.api import router as results_router
from runs.schedules.api import router as schedules_router
from teams.audit.api import router as audit_router
from teams.groups.api import router as groups_router
from teams.keys.api import Api
from teams.settings.api import router as settings_router
from teams.webhooks.api import router as webhooks_router

TAGS = {
    "Agents": "Agents, their procedures, and the revisions of these.",
    "Queues": "Where cases wait for the agents that consume them.",
    "Cases": "Pieces of work: their data, their timelines, and what people and programs do to them.",
    "Attachments": "Files of cases.",
    "Runs": "One agent working once, on a case or standalone, step by step.",
    "Human requests": "Questions and approvals that runs wait for.",
    "Corrections": "What people say was routed to the wrong agent.",
    "Routing tests": "Where inputs should go, and the checks that no change breaks a route unseen.",
    "Schedules": "Agents that start by the clock.",
    "MCP servers": "Servers with tools for agents.",
    "Models": "The team's own keys to model providers.",
    "Usage": "What agents used of models.",
    "Sources": "Addresses where work comes in by itself, and the messages that they received.",
    "Webhooks": "Addresses that are told what happens, and the messages to them.",
    "Team": "The team, its members, and the key of the request.",
    "Groups": "People who take over together, and when they work.",
    "Audit log": "Who did what, and when.",
}

api = Api(
    title="Baton",
    version="1",
    description="Every id, list and change belongs to the team of the key that a request carries:"
    " `Authorization: Bearer baton_…`. Administrators make keys in the settings. How many requests a key may send in a"
    " minute, `RateLimit-Limit`, `-Remaining` and `-Reset` tell; beyond that the answer is 429 with `Retry-After`.",
    # The address that the document came from, since an installation can have several names.
    servers=[{"url": "/", "description": "This installation"}],
    openapi_extra={
        "info": {
            "contact": {"name": "The administrators of your team"},
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": name, "description": words} for name, words in TAGS.items()],
    },
    # Without a validator, because the page would send its address to an outside service.
    docs=Swagger({"validatorUrl": None, "tryItOutEnabled": True, "defaultModelsExpandDepth": 0}),
)
for router in [
    agents_router,
    revisions_router,
    usage_router,
    tools_router,
    queues_router,
    work_router,
    collaboration_router,
    results_router,
    people_case_router,
    corrections_router,
    routing_tests_router,
    checks_router,
    impact_router,
    passages_router,
    schedules_router,
    providers_router,
    settings_router,
    groups_router,
    webhooks_router,
    sources_router,
    email_router,
    audit_router,
]:
    api.add_router("", router)
