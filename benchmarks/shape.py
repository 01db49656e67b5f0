"""How long the functions and files of the product are, how many functions are private, and how much is commented.

    python -m benchmarks.shape

Tests, benchmarks, migrations and the pages' documentation are left out. A comment is a line, or the end of one, that
begins with `#`; what only speaks to a tool (`noqa`, `type: ignore`) is none. Docstrings are no comments either.
"""

import ast
import io
import re
import statistics
import tokenize
from pathlib import Path

ROOT = Path(__file__).parent.parent
APPS = ("data", "web", "teams", "builder", "cases", "channels", "runs", "routes", "ops", "config")
_FOR_A_TOOL = re.compile(r"#\s*(noqa|type:|pragma|fmt:|mypy|!)")

type Function = ast.FunctionDef | ast.AsyncFunctionDef


def files() -> list[Path]:
    return [path for app in APPS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]


def functions(path: Path) -> list[Function]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def comments(path: Path) -> int:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    return sum(token.type == tokenize.COMMENT and not _FOR_A_TOOL.match(token.string) for token in tokens)


def main() -> None:
    found = [(path, node) for path in files() for node in functions(path)]
    lengths = sorted(
        ((node.end_lineno or 0) - node.lineno + 1, f"{path.relative_to(ROOT)}: {node.name}") for path, node in found
    )
    lines = sorted((path.read_text().count("\n"), str(path.relative_to(ROOT))) for path in files())
    total = sum(count for count, _ in lines)
    private = sum(node.name.startswith("_") and not node.name.endswith("__") for _, node in found)
    print(
        f"{len(found)} functions: {statistics.median(count for count, _ in lengths):.0f} lines in the median, ", end=""
    )
    print(f"{lengths[len(lengths) * 9 // 10][0]} in nine of ten, {lengths[-1][0]} in the longest ({lengths[-1][1]})")
    print(f"{private / len(found):.0%} of the functions are private")
    longest = ", ".join(f"{name} {count}" for count, name in lines[:-6:-1])
    print(f"{len(lines)} files, {total} lines; the longest are {longest}")
    print(f"{sum(count > 300 for count, _ in lines)} files are longer than 300 lines")
    print(f"{100 * sum(map(comments, files())) / total:.2f} comments per 100 lines")


if __name__ == "__main__":
    main()
