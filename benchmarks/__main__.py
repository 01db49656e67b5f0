"""All benchmarks, or those that are named: figures as JSON lines, and a page of their medians.

    python -m benchmarks [--quick] [--to FOLDER] [NAME...]

Each runs in a process of its own. Without names all are run: about an hour, with `--quick` some ten minutes.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks import figures

# In this order; what each is about stands at the head of its module.
NAMES = [
    "contest",
    "two_stages",
    "endurance",
    "waiting",
    "one_queue",
    "streams",
    "startup",
    "sizes",
    "dispatch",
    "case_page",
    "case_list",
    "runs_list",
    "queue_list",
    "handover_map",
    "mention_search",
    "palette",
    "usage",
    "routing",
    "impact",
    "route_checks",
    "recovery",
    "bend",
    "editor_typing",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="small sizes, for a look")
    parser.add_argument("--to", type=Path, default=Path(".baton/benchmarks"), help="folder of the results")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    chosen.to.mkdir(parents=True, exist_ok=True)
    lines = chosen.to / "figures.jsonl"
    lines.unlink(missing_ok=True)
    failed = [name for name in chosen.names or NAMES if not _run(name, lines, chosen.quick)]
    if lines.exists():
        (chosen.to / "figures.md").write_text(figures.page(figures.read(lines)))
        print(f"\nThe figures are in {lines}, their medians in {chosen.to / 'figures.md'}.")
    if failed:
        sys.exit(f"These broke: {', '.join(failed)}.")


def _run(name: str, lines: Path, quick: bool) -> bool:
    print(f"\n--- {name}", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}", "--to", str(lines), *(["--quick"] if quick else [])]
    return subprocess.run(command, check=False).returncode == 0


if __name__ == "__main__":
    main()
