"""Asks jedi what names mean. Runs by itself, in a Python that has jedi: asking.py ROOT PLACES OUT, both files JSON.

PLACES is a list of (path, line from 1, column in characters); OUT gets, for each, a list of (path, line, name, kind).
"""

from __future__ import annotations

import json
import sys
from functools import lru_cache
from pathlib import Path

import jedi  # type: ignore[import-not-found, unused-ignore]


def main(root: str, places: str, out: str) -> None:
    sources = [folder for folder in (f"{root}/src", root) if Path(folder).is_dir()]
    project = jedi.Project(root, added_sys_path=sources)

    @lru_cache(maxsize=4)
    def script(path: str) -> jedi.Script:
        return jedi.Script(path=f"{root}/{path}", project=project)

    answers = []
    for path, line, column in json.loads(Path(places).read_text()):
        try:
            found = script(path).goto(line, column, follow_imports=True)
            answers.append([(str(d.module_path or ""), d.line or 0, d.name, d.type) for d in found])
        except Exception:  # what jedi cannot tell is no answer
            answers.append([])
    Path(out).write_text(json.dumps(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
