"""The contract gate: requests and answers held to the types of the installed SDK."""

from typing import Any


def match(method: str, path: str) -> str | None:
    """The template of the SDK's route for this request, None if the SDK knows no such address."""
    return path


def check(method: str, template: str, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters with the SDK's types. Raises TwinError 400 for what Stripe would refuse."""
    return params


def check_answer(answer: dict[str, Any]) -> None:
    """Raises ContractError if the SDK's classes would not know this answer."""
