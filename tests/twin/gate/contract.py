"""The routes of the installed SDK, read from its source: method, address, type of the parameters, class of the answer.

Every service method of the SDK ends in `self._request("post", "/v1/...", params=params)`, is annotated with a
TypedDict for `params`, and casts the answer to a class. All of it was generated from Stripe's own API description.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import stripe

from tests.twin.table import Table

Name = tuple[str, str]  # module, class


@dataclass(frozen=True)
class Route:
    """One operation of the API. `wrapper` is ListObject or SearchResultObject when the answer is a page of `answer`."""

    method: str
    template: str
    params: Name | None
    answer: Name | None
    wrapper: str | None


@cache
def routes() -> dict[tuple[str, str], Route]:
    """(method, template) -> route, for everything below /v1/ that the SDK can call."""
    found: dict[tuple[str, str], Route] = {}
    for file in sorted(Path(stripe.__path__[0]).rglob("_*_service.py")):
        for route in _read(file):
            found.setdefault((route.method, route.template), route)
    return found


@cache
def addresses() -> Table:
    table = Table()
    for method, template in routes():
        table.add(method, template, None)
    return table


def _read(file: Path) -> Iterator[Route]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imports = {
        alias.asname or alias.name: (node.module or "", alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            request = next(filter(_is_request, ast.walk(function)), None)
            if isinstance(request, ast.Call) and (template := _template(request.args[1])).startswith("/v1/"):
                method = str(ast.literal_eval(request.args[0])).upper()
                wrapper, answer = _answer(function)
                yield Route(method, template, imports.get(_params(function)), imports.get(answer), wrapper)


def _is_request(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "_request"


def _template(node: ast.expr) -> str:
    """The literal of `"/v1/x"` or of `"/v1/x/{x}".format(...)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    return str(ast.literal_eval(node))


def _params(function: ast.FunctionDef) -> str:
    for argument in [*function.args.args, *function.args.posonlyargs]:
        if argument.arg == "params" and argument.annotation is not None:
            names = re.findall(r"\w+", ast.unparse(argument.annotation))
            return str(names[-1])
    return ""


def _answer(function: ast.FunctionDef) -> tuple[str | None, str]:
    names = re.findall(r"\w+", ast.unparse(function.returns)) if function.returns else [""]
    return (names[0], names[1]) if len(names) == 2 else (None, names[0])
