"""The OpenAPI document of this process, made once."""

import json
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer


@cache
def document_bytes() -> bytes:
    """As JSON. Made once: the code does not change while a process runs, and anyone may ask for it."""
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return bytes(OpenApiJsonRenderer().render(document))


def document() -> dict[str, Any]:
    """A copy of its own for each caller."""
    found: dict[str, Any] = json.loads(document_bytes())
    return found
