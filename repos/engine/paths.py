"""What a path alone tells: whether to read the file, in which language, and whether it is product code, a test or an
aside."""

from __future__ import annotations

import re
from typing import Literal

from .languages import language_of

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
    r"_test\.\w+$|[-_.](test|spec)(-d)?\.\w+$|(^|/)test_[^/]*$|(Tests?|IT|TestCase)\.(java|kt|cs|scala)$|"
    r"(^|/)conftest\.py$|(^|/)tests\.(py|rs)$"
)
ASIDE = re.compile(
    r"(^|/)(examples?|samples?|demos?|docs?|documentation|doc_src|benches|benchmarks?|bench|playground|tutorials?)/"
)

# Files without symbols that are worth a search. Program text ranks as code, the rest as prose.
PROGRAM = {
    ".c": "c",
    ".h": "c",
    ".cc": "c++",
    ".cpp": "c++",
    ".cxx": "c++",
    ".hpp": "c++",
    ".hh": "c++",
    ".cs": "c#",
    ".rb": "ruby",
    ".php": "php",
    ".kt": "kotlin",
    ".kts": "kotlin",
    ".scala": "scala",
    ".swift": "swift",
    ".m": "objective-c",
    ".dart": "dart",
    ".vue": "vue",
    ".svelte": "svelte",
    ".sh": "shell",
    ".bash": "shell",
    ".sql": "sql",
    ".lua": "lua",
    ".ex": "elixir",
    ".exs": "elixir",
    ".erl": "erlang",
    ".clj": "clojure",
    ".hs": "haskell",
    ".ml": "ocaml",
    ".pl": "perl",
    ".r": "r",
    ".jl": "julia",
    ".zig": "zig",
    ".proto": "protobuf",
    ".graphql": "graphql",
    ".groovy": "groovy",
    ".gradle": "gradle",
    ".fs": "f#",
    ".ps1": "powershell",
    ".tf": "terraform",
    ".cu": "cuda",
    ".asm": "assembly",
    ".s": "assembly",
}
PROSE = {
    ".md": "markdown",
    ".mdx": "markdown",
    ".rst": "restructuredtext",
    ".txt": "text",
    ".adoc": "asciidoc",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".json": "json",
    ".ini": "ini",
    ".cfg": "ini",
    ".html": "html",
    ".htm": "html",
    ".jinja": "template",
    ".j2": "template",
    ".jinja2": "template",
    ".tmpl": "template",
    ".hbs": "template",
    ".ejs": "template",
    ".css": "css",
    ".scss": "css",
    ".less": "css",
    ".xml": "xml",
    ".mod": "go module",
    ".properties": "ini",
    ".env": "ini",
}
NAMED = {"makefile": "make", "dockerfile": "docker", "jenkinsfile": "groovy", "rakefile": "ruby", "gemfile": "ruby"}


def refused(path: str) -> str:
    """Why a path is not read at all, or an empty string."""
    parts = path.split("/")
    if any(part in VENDORED for part in parts[:-1]):
        return "vendored"
    if GENERATED.search(path):
        return "generated"
    return "" if label(path) else "not_source"


def label(path: str) -> str:
    """The language that statistics count a file under; empty for what is not text to us."""
    language = language_of(path)
    if language:
        return language.name
    name = path[path.rfind("/") + 1 :].lower()
    dot = name.rfind(".")
    extension = name[dot:] if dot > 0 else ""
    return PROGRAM.get(extension) or PROSE.get(extension) or NAMED.get(name.split(".")[0], "")


def role(path: str) -> Role:
    if TEST.search(path):
        return "test"
    name = path[path.rfind("/") + 1 :].lower()
    dot = name.rfind(".")
    if dot > 0 and name[dot:] in PROSE:
        return "prose"
    return "aside" if ASIDE.search(path) else "code"
