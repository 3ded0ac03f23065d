"""The contract gate: requests and answers held to the types of the installed SDK.

It knows which fields exist, which are required and of what type; rules between fields ("a subscription needs a
recurring price") are the handlers' own.
"""

from typing import Any

from tests.twin.gate import answers
from tests.twin.gate.answers import ContractError, check_object
from tests.twin.gate.contract import addresses
from tests.twin.gate.contract import routes as _routes
from tests.twin.gate.params import check_params

__all__ = ["ContractError", "can_expand", "check", "check_answer", "check_object", "match", "routes"]


def routes() -> dict[tuple[str, str], str]:
    """(method, template) -> name of the parameters' type, for every address below /v1/ that the SDK knows."""
    return {key: route.params[1] if route.params else "" for key, route in _routes().items()}


def match(method: str, path: str) -> str | None:
    """The template of the SDK's route for this request, None if the SDK knows no such address."""
    found = addresses().match(method, path)
    return found[0] if found else None


def check(method: str, template: str, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters with the SDK's types. Raises TwinError 400 for what Stripe would refuse."""
    return check_params(_routes()[method, template].params, params)


def check_answer(method: str, path: str, answer: dict[str, Any]) -> None:
    """Raises ContractError if this is not what the SDK says such a request is answered with."""
    template = match(method, path)
    if template is not None:
        route = _routes()[method, template]
        answers.check_answer(route.answer, route.wrapper, answer)


def can_expand(method: str, path: str, parts: list[str]) -> bool:
    """Whether the answer to this request has a property under this path that can be expanded."""
    template = match(method, path)
    route = _routes().get((method, template or ""))
    if route is None or route.answer is None:
        return False
    kind: Any = answers.load(route.answer)
    if route.wrapper is not None:
        return parts[:1] == ["data"] and answers.can_expand(kind, parts[1:])
    return answers.can_expand(kind, parts)
