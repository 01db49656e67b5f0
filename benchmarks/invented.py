"""The invented companies that the offline stand-in is measured with: their procedures, requests and examples."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from builder.procedures import mentions
from runs.offline.similarity import Brief, Candidate, Example, Target

HERE, PERSON = "here", "person"
OWN = UUID(int=2**64)


@dataclass(frozen=True)
class Company:
    """`told` as the file has it. `requests` and `examples` pair the name of whom a text goes to with the text."""

    name: str
    told: dict[str, Any]

    @property
    def wording(self) -> str:
        return self.told["wording"]

    @property
    def requests(self) -> list[tuple[str, str]]:
        return list(_pairs(self.told["requests"]))

    @property
    def examples(self) -> list[tuple[str, str]]:
        return list(_pairs(self.told["examples"]))

    def brief(self, text: str, with_examples: bool) -> Brief:
        ids = {target: UUID(int=number) for number, target in enumerate(self.told["targets"], 1)}
        aop = re.sub(r"\{([^{}]+)\}", lambda match: mentions.token(ids[match[1]], match[1]), self.told["aop"].strip())
        targets = [Target(ids[target], target, target, about) for target, about in self.told["targets"].items()]
        examples: Sequence[Example] = ()
        if with_examples:
            examples = [Example(example, ids.get(to)) for to, example in self.examples]
        return Brief(aop, text, targets, Target(OWN, "", *self.told["agent"]), examples)


def companies(every: int = 1) -> list[Company]:
    files = sorted((Path(__file__).parent / "companies").glob("*.toml"))[::every]
    return [Company(file.stem, tomllib.loads(file.read_text())) for file in files]


def goes_to(candidate: Candidate) -> str:
    return candidate.target.name if candidate.target else HERE


def _pairs(texts: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    return ((to, text) for to, some in texts.items() for text in some)
