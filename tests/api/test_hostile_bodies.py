"""Any JSON, and any bytes, to every address that takes a body: an answer or a refusal, never a fault of ours."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.schema.document import document
from tests.access_world import World
from tests.conftest import Cast
from tests.factories import make_api_key

PATHS = sorted(
    path for path, methods in document()["paths"].items() for one in methods.values() if "requestBody" in one
)
TEXTS = st.text(st.characters(exclude_categories=()), max_size=30) | st.just("https://git.example/acme/shop")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4))
NAMES = ["task", "budget", "paths", "session_id", "url", "auth", "token", "branch", "events"]
BODIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6) | VALUES


def as_sent(value: Any) -> bytes:
    # Lone surrogates and NaN go out as other programs would write them.
    return json.dumps(value).encode()


@pytest.mark.parametrize("path", PATHS)
def test_any_body_is_answered(path: str, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.conf.settings.PARE_ALLOW_LOCAL_REPOSITORIES", True)
    repository = World(cast, tmp_path).thing("repository", cast.acme)
    monkeypatch.setattr("django.conf.settings.PARE_ALLOW_LOCAL_REPOSITORIES", False)
    monkeypatch.setattr("django.conf.settings.PARE_HOT_RATE_PER_MINUTE", 10**6)
    monkeypatch.setattr("django.conf.settings.PARE_RATE_PER_MINUTE", 10**6)
    client = Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {make_api_key(cast.acme)[1]}"}
    url = path.replace("{public_id}", str(repository))

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(BODIES.map(as_sent) | st.binary(max_size=60))
    def send(body: bytes) -> None:
        answer = client.post(url, body, content_type="application/json", headers=headers)
        assert answer.status_code < 500, body
        if answer.status_code >= 400:
            assert set(answer.json()["error"]) == {"code", "message", "fields"}

    send()
