"""The models of the routes of work: what people correct."""

from routes.corrections.models import Correction, CorrectionQuerySet

__all__ = ["Correction", "CorrectionQuerySet"]
