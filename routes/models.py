"""Corrections of routes, and routing tests with their checks."""

from routes.checks.models import Check, CheckQuerySet, CheckResult, RoutingTest, Trial, Verdict
from routes.corrections.models import Correction, CorrectionQuerySet

__all__ = [
    "Check",
    "CheckQuerySet",
    "CheckResult",
    "Correction",
    "CorrectionQuerySet",
    "RoutingTest",
    "Trial",
    "Verdict",
]
