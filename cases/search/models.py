"""The words by which cases are found."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from cases.work.models import Case


class CaseWords(models.Model):
    """What a case is found by: the words of its title and data, its number, its labels and its team.

    Kept by triggers beside the case rather than in it, so that moving a case touches no full-text index. For what
    the entries look like see `search`.
    """

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="words")
    words = SearchVectorField()

    class Meta:
        # Which cases of a team have these words and labels? Not collected for later: the one who adds the case that
        # fills the buffer would wait for all of it.
        indexes = [GinIndex(fields=["words"], name="case_words", fastupdate=False)]

    def __str__(self) -> str:
        return f"words of {self.case_id}"
