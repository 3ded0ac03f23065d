"""The language a file is counted under, by its name: also of files that no folder here reads symbols from.

Such files are still worth a search, cut into windows. Program text ranks as code, the rest as prose.
"""

from __future__ import annotations

from . import language_of

PROGRAM = {
    ".py": "python",
    ".pyi": "python",
    ".js": "javascript",
    ".jsx": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
    ".go": "go",
    ".rs": "rust",
    ".java": "java",
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


def label(path: str) -> str:
    """Empty for what is not text to us."""
    language = language_of(path)
    if language:
        return language.name
    name = path[path.rfind("/") + 1 :].lower()
    dot = name.rfind(".")
    extension = name[dot:] if dot > 0 else ""
    return PROGRAM.get(extension) or PROSE.get(extension) or NAMED.get(name.split(".")[0], "")
