"""Corrections of routes, routing tests with their checks, and the impact of changes."""

from routes.checks.models import Check, CheckQuerySet, CheckResult, RoutingTest, Trial, Verdict
from routes.corrections.models import Correction, CorrectionQuerySet
from routes.impact.models import Impact, ImpactCase

__all__ = [
    "Check",
    "CheckQuerySet",
    "CheckResult",
    "Correction",
    "CorrectionQuerySet",
    "Impact",
    "ImpactCase",
    "RoutingTest",
    "Trial",
    "Verdict",
]
