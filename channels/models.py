"""The models of channels: where work comes in, and what came."""

from channels.sources.models import Arrival, Source, SourceQuerySet

__all__ = ["Arrival", "Source", "SourceQuerySet"]
