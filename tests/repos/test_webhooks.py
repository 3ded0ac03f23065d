"""Pushes told by git hosts: only a right signature over the raw body is heard."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from repos.models import IndexRun, Repository, State, Trigger
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
NEW = "a" * 40
PUSH = {"ref": "refs/heads/main", "after": NEW, "commits": []}


def hub(secret: str, body: bytes) -> dict[str, str]:
    return {
        "X-GitHub-Event": "push",
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }


def lab(secret: str, body: bytes) -> dict[str, str]:
    return {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": secret}


def signed_lab(secret: str, body: bytes, at: int | None = None) -> dict[str, str]:
    sent_at = str(at or int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"msg-1.{sent_at}.".encode() + body, hashlib.sha256).digest()
    return {
        "X-Gitlab-Event": "Push Hook",
        "webhook-id": "msg-1",
        "webhook-timestamp": sent_at,
        "webhook-signature": "v1,AAAA v1," + base64.b64encode(digest).decode(),
    }


def tell(repository: Repository, headers: dict[str, str], body: bytes, kind: str = "application/json") -> Any:
    client = Client(enforce_csrf_checks=True)
    return client.post(f"/webhooks/git/{repository.public_id}", body, content_type=kind, headers=headers)


def pushed_runs() -> int:
    return IndexRun.objects.filter(trigger=Trigger.PUSH).count()


@pytest.mark.parametrize("sign", [hub, lab, signed_lab])
def test_a_push_starts_a_run(indexed: Repository, sign: Any) -> None:
    body = json.dumps(PUSH).encode()
    answer = tell(indexed, sign(indexed.webhook_secret, body), body)
    assert answer.status_code == 202
    run = IndexRun.objects.get(public_id=answer.json()["run"])
    assert (run.state, run.trigger) == (State.QUEUED, Trigger.PUSH)
    indexed.refresh_from_db()
    assert indexed.last_push_at is not None


def test_a_repeated_push_changes_nothing(indexed: Repository) -> None:
    body = json.dumps(PUSH).encode()
    headers = hub(indexed.webhook_secret, body)
    answers = [tell(indexed, headers, body) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202} and pushed_runs() == 1


def test_a_push_as_a_form(indexed: Repository) -> None:
    body = urlencode({"payload": json.dumps(PUSH)}).encode()
    headers = hub(indexed.webhook_secret, body)
    assert tell(indexed, headers, body, "application/x-www-form-urlencoded").status_code == 202


@pytest.mark.parametrize(
    "push",
    [
        {**PUSH, "ref": "refs/heads/other"},
        {**PUSH, "ref": "refs/tags/main"},
        {**PUSH, "after": "0" * 40},
        {"zen": "hello"},
        {**PUSH, "ref": None},
    ],
)
def test_what_concerns_another_branch_is_ignored(indexed: Repository, push: dict[str, Any]) -> None:
    body = json.dumps(push).encode()
    answer = tell(indexed, hub(indexed.webhook_secret, body), body)
    assert answer.status_code == 200 and "ignored" in answer.json() and pushed_runs() == 0


def test_the_commit_that_is_indexed_is_ignored(indexed: Repository) -> None:
    assert indexed.snapshot is not None
    body = json.dumps({**PUSH, "after": indexed.snapshot.commit}).encode()
    assert tell(indexed, hub(indexed.webhook_secret, body), body).status_code == 200
    assert pushed_runs() == 0


def test_other_events_are_ignored(indexed: Repository) -> None:
    body = b'{"zen": "x"}'
    headers = {**hub(indexed.webhook_secret, body), "X-GitHub-Event": "ping"}
    assert tell(indexed, headers, body).json() == {"ignored": "This event is not used: ping."}


@pytest.mark.parametrize(
    "forge",
    [
        lambda secret, body: {},
        lambda secret, body: lab("wrong", body),
        lambda secret, body: lab("", body),
        lambda secret, body: hub("wrong", body),
        lambda secret, body: hub(secret, body + b" "),
        lambda secret, body: {**lab(secret, body), "X-Hub-Signature-256": "sha256=" + "0" * 64},
        lambda secret, body: {"X-Hub-Signature-256": hub(secret, body)["X-Hub-Signature-256"].removeprefix("sha256=")},
        lambda secret, body: {"X-Hub-Signature-256": "sha256=ÿ"},
        lambda secret, body: signed_lab(secret, body + b" "),
        lambda secret, body: signed_lab(secret, body, int(time.time()) - 3600),
        lambda secret, body: {**signed_lab(secret, body), "webhook-timestamp": "²"},
        lambda secret, body: {**signed_lab(secret, body), "webhook-timestamp": "9" * 400},
        lambda secret, body: {**signed_lab(secret, body), "webhook-id": "msg-2"},
    ],
)
def test_a_forged_push_is_refused_without_detail(indexed: Repository, forge: Any) -> None:
    body = json.dumps(PUSH).encode()
    answer = tell(indexed, forge(indexed.webhook_secret, body), body)
    assert answer.status_code == 401
    assert answer.json()["error"] == {
        "code": "signature_invalid",
        "message": "The signature does not fit.",
        "fields": {},
    }
    assert pushed_runs() == 0


def test_another_repositorys_secret_does_not_fit(cast: Cast, indexed: Repository) -> None:
    other = Repository.objects.create(team=cast.rival, name="x", url="https://x/y", identity="x/y")
    body = json.dumps(PUSH).encode()
    assert other.webhook_secret != indexed.webhook_secret
    assert tell(indexed, hub(other.webhook_secret, body), body).status_code == 401


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_a_signed_body_that_is_no_push(indexed: Repository, body: bytes) -> None:
    assert tell(indexed, hub(indexed.webhook_secret, body), body).status_code == 400


def test_a_body_over_the_cap_is_not_read_to_its_end(indexed: Repository) -> None:
    body = b" " * ((5 << 20) + 1)
    assert tell(indexed, hub(indexed.webhook_secret, body), body).status_code == 413


def test_unknown_ids_and_other_methods(indexed: Repository) -> None:
    assert Client().post("/webhooks/git/0b7a4b3e-cf8e-4c63-8a1d-5c9e0d2f7a61").status_code == 404
    assert Client().get(f"/webhooks/git/{indexed.public_id}").status_code == 405


def test_a_paused_repository_is_left_alone(indexed: Repository) -> None:
    Repository.objects.update(paused_at=indexed.created_at)
    body = json.dumps(PUSH).encode()
    assert tell(indexed, hub(indexed.webhook_secret, body), body).status_code == 200
    assert pushed_runs() == 0
