"""A pytest plugin that writes down which call of the sources ran which function. Needs nothing but pytest.

Environment: TRACE_ROOT, the folder whose frames count; TRACE_OUT, the file to write. Each row of the JSON written is
(file of the call, line and column where its text ends, file, first line and name of what ran, depth, name and file of
the class that was made): depth 1 is the function that the call ran, 2 and 3 what that ran in turn (a decorated function
runs inside its wrapper).
"""

from __future__ import annotations

import dis
import json
import os
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = os.path.realpath(os.environ.get("TRACE_ROOT", ".")) + os.sep
CALLS = {dis.opmap[name] for name in ("CALL", "CALL_FUNCTION_EX") if name in dis.opmap}
DEEPEST = 3
CONSTRUCTORS = frozenset({"__init__", "__new__", "__call__"})
# Run by a call's instruction without being what the call names.
UNNAMED = frozenset({"__exit__", "__aexit__", "<genexpr>", "<listcomp>", "<setcomp>", "<dictcomp>"})

seen: set[tuple[CodeType, int, CodeType, int, type | None]] = set()
inside_c: set[int] = set()  # frames that are in a function written in C, from which calls come back


def profile(frame: FrameType, event: str, _: Any) -> None:
    if event == "call":
        _called(frame)
    elif event == "c_call":
        inside_c.add(id(frame))
    elif event in ("c_return", "c_exception", "return"):
        inside_c.discard(id(frame))


def _called(frame: FrameType) -> None:
    if frame.f_code.co_name in UNNAMED:
        return
    above, depth, made, ran = frame.f_back, 1, _made(frame), frame.f_code
    if ran.co_name == "helper" and ran.co_filename.endswith("contextlib.py"):
        ran = getattr(frame.f_locals.get("func"), "__code__", ran)  # a context manager's function runs later
    while above is not None and depth <= DEEPEST:
        code = above.f_code
        if id(above) in inside_c and depth == 1:
            return
        if code.co_filename.startswith(ROOT):
            seen.add((code, above.f_lasti, ran, depth, made))
        above, depth = above.f_back, depth + 1


def _made(frame: FrameType) -> type | None:
    """The class of which a constructor makes an instance."""
    code = frame.f_code
    generated = code.co_filename.startswith("<") and code.co_name == "<lambda>"  # a named tuple's
    if not generated and code.co_name not in CONSTRUCTORS or not code.co_argcount:
        return None
    first = frame.f_locals.get(code.co_varnames[0])
    return first if isinstance(first, type) else type(first)


def pytest_configure() -> None:
    threading.setprofile(profile)
    sys.setprofile(profile)


def pytest_unconfigure() -> None:
    sys.setprofile(None)
    threading.setprofile(None)
    rows = set()
    for code, at, ran, depth, made in list(seen):
        end = _end(code, at)
        if end is not None:
            generated = ran.co_filename.startswith("<")
            ran_at = os.sep + ran.co_filename if generated else os.path.realpath(ran.co_filename)
            called = ran_at, ran.co_firstlineno, ran.co_name, depth
            rows.add((os.path.realpath(code.co_filename), *end, *called, *_class(made)))
    Path(os.environ["TRACE_OUT"]).write_text(json.dumps(sorted(rows)))


def _class(made: type | None) -> tuple[str, str]:
    if made is None:
        return "", ""
    file = getattr(sys.modules.get(made.__module__), "__file__", None)
    return made.__name__, os.path.realpath(file) if file else ""


def _end(code: CodeType, at: int) -> tuple[int, int] | None:
    """Where the text of the call ends whose instruction is at `at`."""
    if at < 0 or code.co_code[at] not in CALLS:
        return None
    place = list(code.co_positions())[at // 2]
    return (place[1], place[3]) if place[1] is not None and place[3] is not None else None
