"""How well the offline stand-in routes: 611 requests to 51 invented companies that have nothing to do with the demo.

To 20 of them people write as they do, and half of the requests share a word with the right rule. To the other 31 they
write `sparing` ones, which share hardly any with it.

python -m benchmarks.routing [--quick] [--to FILE]

The threshold is chosen for each company on the other ordinary ones and counted on its own requests (cross-validation),
and once taken as it stands in the code; each without examples, and with up to three for each way that a request can go.
"""

import argparse
import re
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.figures import Notes
from builder.procedures import mentions
from runs.offline import embeddings, offline
from runs.offline.similarity import Brief, Example, Target, Verdict, compare

HERE, PERSON = "here", "person"
THRESHOLDS = [step / 1000 for step in range(0, 61, 2)]
# Of 135 requests at most 5 may go wrong.
MOST_WRONG = 5 / 135
OWN = UUID(int=2**64)


@dataclass(frozen=True)
class Decided:
    company: str
    wording: str
    goes_to: str
    verdict: Verdict

    def comes_to(self, lead: float) -> str:
        """Right, wrong or asked with this threshold, which is higher where a case would be closed."""
        best = self.verdict.best
        more = 0.0 if best.candidate.leaves else offline.LEAD_TO_CLOSE - offline.LEAD
        if best.score / len(best.scores) < offline.FLOOR or self.verdict.lead < lead + more:
            return "right" if self.goes_to == PERSON else "asked"
        to = best.candidate.target.name if best.candidate.target else HERE
        return "right" if to == self.goes_to else "wrong"


def measure(notes: Notes, quick: bool) -> None:
    files = sorted((Path(__file__).parent / "companies").glob("*.toml"))[:: 10 if quick else 1]
    companies = {file.stem: tomllib.loads(file.read_text()) for file in files}
    embeddings.load()
    for who, with_examples in [("without examples", False), ("with examples", True)]:
        began = time.process_time()
        decided = [one for name in companies for one in _decide(name, companies[name], with_examples)]
        notes.note("CPU of a decision", (time.process_time() - began) / len(decided) * 1000, "ms", who=who)
        for wording in ("ordinary", "sparing"):
            some = [one for one in decided if one.wording == wording]
            found = [("as in the code", _counted(some, offline.LEAD)), ("held out", _held_out(some, decided))]
            for how, counts in found:
                for what, number in counts.items():
                    about = f"{wording}: {what} of {len(some)}, threshold {how}"
                    notes.note(about, number, "requests", who=who)


def _decide(name: str, company: dict[str, Any], with_examples: bool) -> list[Decided]:
    ids = {target: UUID(int=number) for number, target in enumerate(company["targets"], 1)}
    aop = re.sub(r"\{([^{}]+)\}", lambda match: mentions.token(ids[match[1]], match[1]), company["aop"].strip())
    targets = [Target(ids[target], target, target, about) for target, about in company["targets"].items()]
    examples = [Example(text, ids.get(to)) for to, texts in company["examples"].items() for text in texts]
    own = Target(OWN, "", *company["agent"])
    shown = examples if with_examples else ()
    return [
        Decided(name, company["wording"], to, compare(Brief(aop, text, targets, own, shown)))
        for to, texts in company["requests"].items()
        for text in texts
    ]


def _counted(decided: list[Decided], lead: float) -> dict[str, int]:
    found = [one.comes_to(lead) for one in decided]
    return {what: found.count(what) for what in ("right", "wrong", "asked")}


def _held_out(decided: list[Decided], everything: list[Decided]) -> dict[str, int]:
    """Each company with the threshold that serves the other ordinary ones: most right with few enough wrong."""
    total = dict.fromkeys(("right", "wrong", "asked"), 0)
    for company in {one.company for one in decided}:
        others = [one for one in everything if one.company != company and one.wording == "ordinary"]
        lead = next(
            (lead for lead in THRESHOLDS if _counted(others, lead)["wrong"] <= MOST_WRONG * len(others)),
            THRESHOLDS[-1],
        )
        own = _counted([one for one in decided if one.company == company], lead)
        total = {what: number + own[what] for what, number in total.items()}
    return total


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="Every tenth company, for a look.")
    parser.add_argument("--to", type=Path, help="A file that the figures are added to, as JSON lines.")
    chosen = parser.parse_args()
    measure(Notes("routing", chosen.to), chosen.quick)
