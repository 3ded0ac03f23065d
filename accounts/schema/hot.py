"""Adds the hot views, which DRF does not know, to the document: from their decorator, docstring and types."""

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.rest import HotDoc
from accounts.schema.drf import split_doc
from accounts.schema.refusals import ERROR_SCHEMA, refusals_of

PLACE = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
KINDS = {"uuid": {"type": "string", "format": "uuid"}, "int": {"type": "integer"}}
HotRoute = tuple[str, Callable[..., Any], HotDoc]


def add_hot_views(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular."""
    routes = [route for route in hot_routes() if route[2].answer is not None]
    types = {kind for *_, doc in routes for kind in (doc.body, doc.answer) if kind is not None}
    ordered = sorted(types, key=lambda kind: kind.__name__)
    refs, schemas = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    ref_of = dict(zip(ordered, refs, strict=True))
    result["components"].setdefault("schemas", {}).update({**schemas, "Error": ERROR_SCHEMA})
    for route, view, doc in routes:
        path = "/" + PLACE.sub(r"{\g<name>}", route)
        operations = result["paths"].setdefault(path, {})
        for method in doc.methods:
            operations[method.lower()] = _operation(route, view, doc, ref_of)
    result["paths"] = dict(sorted(result["paths"].items()))
    return result


def _operation(route: str, view: Callable[..., Any], doc: HotDoc, ref_of: dict[Any, Any]) -> dict[str, Any]:
    summary, description = split_doc(inspect.getdoc(view) or "")
    places = list(PLACE.finditer(route))
    answer = {"description": "", "content": {"application/json": {"schema": ref_of[doc.answer]}}}
    operation: dict[str, Any] = {
        "operationId": view.__name__,
        "summary": summary,
        "description": description,
        "tags": [doc.tag],
        "x-scope": str(doc.scope),
        "security": [{"apiKey": []}, {"session": []}],
        "parameters": [
            {
                "in": "path",
                "name": place["name"],
                "required": True,
                "schema": KINDS.get(place["kind"], {"type": "string"}),
            }
            for place in places
        ],
        "responses": {
            str(doc.status): answer,
            **refusals_of(doc.errors, has_body=doc.body is not None, has_path=bool(places), has_right=False),
        },
    }
    if doc.body is not None:
        content = {"application/json": {"schema": ref_of[doc.body]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def hot_routes(patterns: Iterable[Any] | None = None, prefix: str = "") -> Iterable[HotRoute]:
    """Each hot view of the URLconf with its route, such as `api/v1/repositories/<uuid:public_id>/slices`."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from hot_routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and (doc := getattr(pattern.callback, "hot_doc", None)):
            yield route, pattern.callback, doc
