"""Audit entries in plain words."""

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def act_in_words(action: str) -> str:
    """`api_key.created` as "API key created"."""
    words = action.replace(".", " ").replace("_", " ")
    return f"API{words[3:]}" if words.startswith("api ") else words[:1].upper() + words[1:]


@register.filter
def details_in_words(details: Mapping[str, Any]) -> str:
    """`{"before": "member", "after": "admin"}` as "from member to admin"; other facts as `name: value`."""
    facts = dict(details)
    parts = []
    if "before" in facts and "after" in facts:
        parts.append(f"from {_plain(facts.pop('before'))} to {_plain(facts.pop('after'))}")
    parts.extend(f"{name.replace('_', ' ')}: {_plain(value)}" for name, value in facts.items())
    return "; ".join(parts)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {_plain(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value) or "none"
    return "none" if value is None else str(value)
