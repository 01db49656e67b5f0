"""What a tab changed of what an agent is told (procedure and models), beside what was saved since it was opened."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import QueryDict

from builder.models import Agent, Revision
from builder.procedures import mentions
from web.forms.stale import THEIRS, Clash

from . import drafts

OFFLINE = "offline"
_LABELS = {"model": "Model", "fallback": "Model if that fails"}


@dataclass(frozen=True)
class Changes:
    """By name of the part: as typed, and as live now. `mine` and `theirs` are the parts that differ from the base,
    `both` those of them that were changed in different ways.
    """

    typed: Mapping[str, str]
    live: Mapping[str, str]
    mine: frozenset[str]
    theirs: frozenset[str]
    both: frozenset[str]

    def merge_into(self, data: QueryDict) -> None:
        """What was not changed here, or is to be theirs, is what is live."""
        chosen = {name for name in _LABELS if name in data.getlist(THEIRS)}
        for name in (self.theirs - self.mine) | chosen:
            data[name] = self.live[name]
            if name == "model":
                data["model_kind"] = OFFLINE if self.live[name] == OFFLINE else "provider"

    def clashes(self, data: QueryDict) -> Iterable[Clash]:
        """Of the models; two versions of the text are shown beside each other by `drafts`."""
        for name in sorted(self.both & _LABELS.keys() - set(data.getlist(THEIRS))):
            yield Clash(name, _LABELS[name], self.typed[name] or "None", self.live[name] or "None")


def compare(agent: Agent, typed: Mapping[str, str], base: Revision, live: Revision) -> Changes:
    """Return what was changed here and elsewhere. The names of mentioned agents do not count."""
    then, now, here = _parts(base), _parts(live), {**typed, "aop": mentions.normalise(typed["aop"])}

    def differing(ones: Mapping[str, str], others: Mapping[str, str]) -> frozenset[str]:
        return frozenset(name for name in now if not drafts.is_same_text(ones[name], others[name]))

    mine, theirs = differing(here, then), differing(now, then)
    if "aop" in theirs:  # it is shown, with the names of now
        now["aop"] = drafts.current(agent, live.aop)
    return Changes(here, now, mine, theirs, mine & theirs & differing(here, now))


def _parts(revision: Revision) -> dict[str, str]:
    return {"aop": revision.aop, "model": revision.model, "fallback": revision.fallback}
