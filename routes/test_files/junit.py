"""The results of checks as JUnit XML, which programs that build show. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

# What XML 1.0 cannot hold.
_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Of a verdict: the element that tells it, and its words. What passes needs none.
_TOLD = {
    "broken": ("failure", "As expected now, and not with the change"),
    "failing": ("skipped", "Not as expected, before or with the change"),
    "untested": ("error", "It could not be run"),
    "void": ("skipped", "Everyone who is expected has been deleted"),
}


@dataclass(frozen=True)
class Result:
    """A test with its verdict, and both decisions in words."""

    agent: str
    name: str
    verdict: str
    expected: str
    before: str
    after: str

    @property
    def words(self) -> str:
        return f"expected: {self.expected}; live: {self.before}; with the change: {self.after}"


def junit(results: Sequence[Result], *, strict: bool = False) -> str:
    """`strict`: a test that fails before and with the change is a failure too."""
    told = _TOLD | ({"failing": ("failure", _TOLD["failing"][1])} if strict else {})
    root = ET.Element("testsuites", name="Routing tests")
    for agent in dict.fromkeys(one.agent for one in results):
        rows = [one for one in results if one.agent == agent]
        kinds = [told[one.verdict][0] if one.verdict in told else "" for one in rows]
        counts = {"failures": "failure", "errors": "error", "skipped": "skipped"}
        suite = ET.SubElement(root, "testsuite", name=_clean(agent), tests=str(len(rows)))
        for name, kind in counts.items():
            suite.set(name, str(kinds.count(kind)))
        for one, kind in zip(rows, kinds, strict=True):
            case = ET.SubElement(suite, "testcase", classname=_clean(agent), name=_clean(one.name))
            if kind:
                part = ET.SubElement(case, kind, message=told[one.verdict][1])
                if kind != "skipped":
                    part.set("type", one.verdict)
                part.text = _clean(one.words)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    return _UNSPEAKABLE.sub("\ufffd", text)
