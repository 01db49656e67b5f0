"""Who goes where, and whether that is right: what people correct."""

from routes.corrections.models import Correction, CorrectionQuerySet

__all__ = ["Correction", "CorrectionQuerySet"]
