"""Who did what, and when."""

from typing import TypeAlias

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from data.ids import new_id
from teams.people.models import Team, User


class AuditSource(models.TextChoices):
    PERSON = "person", "Person"
    KEY = "key", "API key"
    OPERATOR = "operator", "Operator"
    UNKNOWN = "unknown", "Not signed in"
    BATON = "baton", "Baton"


class AuditEntry(models.Model):
    """Who did what in a team, and when. Never changed afterwards: a trigger refuses it.

    Without a team: the log of the installation. `object_kind` is the label of a model, such as `builder.agent`.
    """

    Source: TypeAlias = AuditSource  # noqa: UP040 - it is used as a class too

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="audit")
    at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=254, blank=True, help_text="Empty: Baton itself.")
    source = models.CharField("as", max_length=10, choices=Source.choices, default=Source.BATON)
    # Of people that are deleted, their entries stay, so nothing may be changed here.
    user = models.ForeignKey(User, models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    # Names can be changed, and two people may have one. Kept as of then; of entries from before that it is empty.
    actor_id = models.CharField(max_length=40, blank=True, db_default="", help_text="Of the person or the API key.")
    actor_email = models.CharField(max_length=254, blank=True, db_default="", help_text="Or how the API key begins.")
    act = models.CharField(max_length=40)
    subject = models.CharField(max_length=254)
    object_kind = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    change = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            # What was done last in a team, of any kind or of one?
            models.Index("team", models.F("at").desc(), models.F("id").desc(), name="audit_newest"),
            models.Index("team", "act", models.F("at").desc(), models.F("id").desc(), name="audit_newest_by_act"),
            # What was done to this object?
            models.Index("object_id", models.F("at").desc(), condition=~Q(object_id=""), name="audit_newest_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.subject}"

    @property
    def who_id(self) -> str:
        """The id of the person or key that did it. Of a row with its user."""
        return self.actor_id or (str(self.user.uuid) if self.user else "")

    @property
    def who_email(self) -> str:
        """Their address, or how the key begins. Of a row with its user."""
        return self.actor_email or (self.user.email if self.user else "")

    @property
    def lines(self) -> list[str]:
        """Return what changed."""
        return self.change.splitlines()
