"""Corrections of routes, routing tests with their checks, and the impact of changes."""

from routes.checks.models import Check, CheckQuerySet, CheckResult, Trial, Verdict
from routes.corrections.models import Correction, CorrectionQuerySet
from routes.impact.models import Impact, ImpactCase
from routes.routing_tests.models import RoutingTest

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
