"""Every route of the URLconf, for the tests that must not miss one."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from accounts.roles import Scope

OURS = {"accounts", "billing", "config", "repos", "usage"}
CATCH_ALL = "unknown_api_path"


@dataclass(frozen=True, slots=True)
class Route:
    """`path` as the URLconf writes it, without the leading slash: `t/<slug:team>/billing/`."""

    name: str
    path: str
    view: Callable[..., Any]

    @property
    def is_api(self) -> bool:
        return self.path.startswith("api/v1/")

    def methods(self) -> set[str]:
        """The methods that an API view serves, without OPTIONS and HEAD."""
        if doc := getattr(self.view, "hot_doc", None):
            return set(doc.methods)
        if actions := getattr(self.view, "actions", None):
            return {method.upper() for method in actions} - {"HEAD"}
        kind = self.view.cls  # type: ignore[attr-defined]
        return {name.upper() for name in kind.http_method_names if hasattr(kind, name)} - {"OPTIONS", "HEAD"}

    def scope(self, method: str) -> Scope:
        """The scope that an API view needs for a method."""
        method = "GET" if method == "HEAD" else method
        if doc := getattr(self.view, "hot_doc", None):
            return Scope(doc.scope)
        kind = self.view.cls  # type: ignore[attr-defined]
        return Scope(getattr(kind, "scopes", {}).get(method, getattr(kind, "scope", "")))

    def places(self) -> list[str]:
        """The names of the parts of the path that change."""
        return re.findall(r"<(?:\w+:)?(\w+)>", self.path)


def account_routes() -> list[Route]:
    """The log-in library's."""
    routes = _walk(get_resolver("config.urls").url_patterns, "")
    return [route for route in routes if route.view.__module__.split(".")[0] == "allauth"]


def own_routes() -> list[Route]:
    """All but the admin's, allauth's, and the last route that answers 404 to whatever is left below /api/."""
    routes = _walk(get_resolver("config.urls").url_patterns, "")
    return [route for route in routes if route.view.__module__.split(".")[0] in OURS and route.name != CATCH_ALL]


def _walk(patterns: Iterable[Any], prefix: str) -> Iterable[Route]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield Route(pattern.name or path, path, pattern.callback)
