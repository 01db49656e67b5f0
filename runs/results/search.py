"""Searching runs by words, as cases are."""

from django.db.models import Exists, OuterRef

from cases.search.search import conditions, read, those_with_words
from runs.models import RunQuerySet, RunWords
from teams.models import Team


def matching_runs(runs: RunQuerySet, team: Team, text: str) -> RunQuerySet:
    """Return the runs that have all the words, the last one as a beginning. `12` may be their case’s number, `#12`
    must be.
    """
    words = read(text)
    if words is None:
        return runs
    few = those_with_words(RunWords, team.pk, words)
    if few is not None:
        return runs.filter(pk__in=few)
    return runs.filter(Exists(RunWords.objects.filter(*conditions(team.pk, words), run=OuterRef("pk"))))
