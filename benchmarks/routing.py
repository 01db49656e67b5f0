"""How well the offline stand-in routes: 799 requests to 65 invented companies that have nothing to do with the demo.

To 20 of them people write as they do, and half of the requests share a word with the right rule. To 31 they write
`sparing` ones, which share hardly any with it. To 14 they write `letters`: roundabout, with greetings and mistakes, two
matters in one or none of ours, often in another language than the procedure's.

python -m benchmarks.routing [--quick] [--to FILE]

All is held out (cross-validation in five parts): the bridge is learned from the other companies, and the threshold
chosen on them, or taken as it stands in the code; without examples, and with up to three for each way to go.
"""

import argparse
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import bridging
from benchmarks.figures import Notes
from benchmarks.invented import PERSON, Company, companies, goes_to
from runs.offline import bridge, embeddings, gist, offline
from runs.offline.similarity import Verdict, compare

PARTS = 5
WORDINGS = ("ordinary", "letters", "sparing")
# The threshold is chosen on what people may really write.
CHOSEN_ON = ("ordinary", "letters")
HIGHER = [step / 1000 for step in range(-30, 91, 2)]
# Of 135 requests at most 5 may go wrong.
MOST_WRONG = 5 / 135


@dataclass(frozen=True)
class Decided:
    company: str
    wording: str
    goes_to: str
    verdict: Verdict

    def comes_to(self, more: float = 0.0) -> str:
        """Right, wrong or asked, with a threshold that is so much higher than in the code."""
        best = self.verdict.best
        if best.score / len(best.scores) < offline.FLOOR or self.verdict.lead < offline.needed(self.verdict) + more:
            return "right" if self.goes_to == PERSON else "asked"
        return "right" if goes_to(best.candidate) == self.goes_to else "wrong"


def measure(notes: Notes, quick: bool) -> None:
    everyone = companies(every=10 if quick else 1)
    embeddings.load()
    decided: dict[bool, list[Decided]] = {False: [], True: []}
    spent = 0.0
    for part in range(PARTS):
        bridge.use(bridging.learn([one for one in everyone if _part(one) != part]))
        gist.forget()
        began = time.process_time()
        for company in everyone:
            if _part(company) == part:
                for with_examples in decided:
                    decided[with_examples] += decide(company, with_examples)
        spent += time.process_time() - began
    bridge.use(None)
    gist.forget()
    notes.note("CPU of a decision", spent / sum(map(len, decided.values())) * 1000, "ms")
    for with_examples, found in decided.items():
        _note(notes, found, "with examples" if with_examples else "without examples")


def _part(company: Company) -> int:
    return zlib.crc32(company.name.encode()) % PARTS


def _note(notes: Notes, decided: Sequence[Decided], who: str) -> None:
    for wording in WORDINGS:
        some = [one for one in decided if one.wording == wording]
        for how, counts in [("as in the code", _counted(some)), ("held out", _held_out(some, decided))]:
            for what, number in counts.items():
                about = f"{wording}: {what} of {len(some)}, threshold {how}"
                notes.note(about, number, "requests", who=who)


def decide(company: Company, with_examples: bool) -> list[Decided]:
    return [
        Decided(company.name, company.wording, to, compare(company.brief(text, with_examples)))
        for to, text in company.requests
    ]


def _counted(decided: Sequence[Decided], more: float = 0.0) -> dict[str, int]:
    found = [one.comes_to(more) for one in decided]
    return {what: found.count(what) for what in ("right", "wrong", "asked")}


def _held_out(decided: Sequence[Decided], everything: Sequence[Decided]) -> dict[str, int]:
    """Each company with the threshold that serves the others: most right with few enough wrong."""
    total = dict.fromkeys(("right", "wrong", "asked"), 0)
    for company in {one.company for one in decided}:
        others = [one for one in everything if one.company != company and one.wording in CHOSEN_ON]
        more = next(
            (more for more in HIGHER if _counted(others, more)["wrong"] <= MOST_WRONG * len(others)), HIGHER[-1]
        )
        own = _counted([one for one in decided if one.company == company], more)
        total = {what: number + own[what] for what, number in total.items()}
    return total


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="Every tenth company, for a look.")
    parser.add_argument("--to", type=Path, help="A file that the figures are added to, as JSON lines.")
    chosen = parser.parse_args()
    measure(Notes("routing", chosen.to), chosen.quick)
