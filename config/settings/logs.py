"""Logs, metrics and traces."""

import os
from typing import Any

from .environment import one_of, switch

# A collector for spans; OpenTelemetry's own code reads its other variables.
TRACES = bool(
    os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
) and not switch("OTEL_SDK_DISABLED", False)
# The token for /metrics; without a token only this machine can read them.
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")

# Lines for people, or with `json` one JSON object per line, for the web server too.
LOG_FORMAT = one_of("LOG_FORMAT", "line", ("line", "json"))
_level = one_of("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"subject": {"()": "runs.telemetry.logs.Subject"}},
    "formatters": {
        "line": {"()": "runs.telemetry.logs.Line", "format": "%(levelname)s %(name)s %(message)s"},
        "json": {"()": "runs.telemetry.logs.JsonLine"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if LOG_FORMAT == "json" else "line",
            "filters": ["subject"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        name: {"level": _level}
        for name in ("data", "web", "teams", "builder", "cases", "channels", "runs", "routes", "ops")
    },
}
if LOG_FORMAT == "json":
    LOGGING["loggers"] |= {
        name: {"handlers": ["console"], "propagate": False} for name in ("uvicorn", "uvicorn.access")
    }
