"""What a path alone tells: whether to read the file, in which language, and whether it is product code, a test or an
aside."""

from __future__ import annotations

import re
from typing import Literal

from .languages.labels import PROSE
from .languages.labels import label as label

Role = Literal["code", "test", "aside", "prose"]
ROLES: tuple[Role, ...] = ("code", "test", "aside", "prose")
TEST_ROLE = ROLES.index("test")

VENDORED = frozenset(
    {
        ".git",
        "node_modules",
        "vendor",
        "third_party",
        "dist",
        "__pycache__",
        ".venv",
        "venv",
        ".tox",
        "bower_components",
    }
)
GENERATED = re.compile(
    r"\.min\.(js|css|mjs)$|\.bundle\.js$|\.map$|(^|/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lock|"
    r"Cargo\.lock|poetry\.lock|Pipfile\.lock|uv\.lock|composer\.lock|Gemfile\.lock|go\.sum|.*\.snap)$|"
    r"_pb2(_grpc)?\.pyi?$|\.pb(\.gw)?\.go$|\.g\.dart$|\.designer\.cs$",
    re.I,
)
TEST = re.compile(
    r"(^|/)(tests?|test[-_]\w+|testing|testdata|specs?|__tests__|__mocks__|e2e|fixtures?|integration[-_]?tests?|src/(test|androidTest|\w+Test))/|"
    r"\.(\w*Tests?|Specs?)/|_(test|unittest)\.\w+$|[-_.](test|spec)(-d)?\.\w+$|(^|/)test_[^/]*$|(Tests?|IT|TestCase)\.(java|kt|cs|scala|php)$|"
    r"(^|/)conftest\.py$|(^|/)tests\.(py|rs)$"
)
ASIDE = re.compile(
    r"(^|/)(examples?|samples?|demos?|docs?|documentation|doc_src|benches|benchmarks?|bench|playground|tutorials?)/"
)


def refused(path: str) -> str:
    """Why a path is not read at all, or an empty string."""
    parts = path.split("/")
    if any(part in VENDORED for part in parts[:-1]):
        return "vendored"
    if GENERATED.search(path):
        return "generated"
    return "" if label(path) else "not_source"


def role(path: str) -> Role:
    if TEST.search(path):
        return "test"
    name = path[path.rfind("/") + 1 :].lower()
    dot = name.rfind(".")
    if dot > 0 and name[dot:] in PROSE:
        return "prose"
    return "aside" if ASIDE.search(path) else "code"
