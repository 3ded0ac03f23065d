"""The requests that the API page shows are sent as they stand: the API takes them, and answers what the schema says."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.test import Client

from accounts.schema.document import document
from accounts.schema.examples import FORMATS
from accounts.schema.page import Operation, groups
from repos.models import Snapshot
from tests.access_world import World
from tests.conftest import Cast
from tests.factories import make_api_key

OPERATIONS = [operation for group in groups(document()) for operation in group.operations]


@pytest.fixture
def world(cast: Cast, tmp_path: Path, settings: Any) -> World:
    settings.PARE_ALLOW_LOCAL_REPOSITORIES = True
    return World(cast, tmp_path)


def schema_of(operation: Operation) -> Any:
    """The schema of the good answer, with all components at hand; None when it has no body."""
    found = document()
    answer = found["paths"][operation.path][operation.method.lower()]["responses"][operation.status]
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    return schema and {**schema, "components": found["components"]}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.anchor)
def test_it_is_taken_and_answered_as_described(operation: Operation, world: World) -> None:
    words = shlex.split(operation.curl.replace("\\\n", " "))
    url = next(word for word in words if word.startswith("http"))
    path = re.sub(r"^https?://[^/]+", "", url)
    if "/repositories/" in path:
        path = path.replace(FORMATS["uuid"], str(world.thing("repository", world.cast.acme)))
    body = words[words.index("-d") + 1] if "-d" in words else ""
    if '"snapshot"' in body:
        body = body.replace(FORMATS["uuid"], str(Snapshot.objects.get(repository__team=world.cast.acme).public_id))
    headers = {"Authorization": f"Bearer {make_api_key(world.cast.acme)[1]}"}
    response = Client().generic(operation.method, path, body.encode(), content_type="application/json", headers=headers)
    assert response.status_code == int(operation.status), response.content
    schema = schema_of(operation)
    if schema is None:
        assert response.content == b""
        return
    jsonschema.validate(json.loads(response.content), schema, format_checker=jsonschema.FormatChecker())


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.anchor)
def test_the_example_of_an_answer_fits_its_schema(operation: Operation) -> None:
    schema = schema_of(operation)
    if schema is not None:
        jsonschema.validate(json.loads(operation.answer_example), schema)
