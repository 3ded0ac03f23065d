"""Pushes as told by git hosts. The signature over the raw body is the only proof; the body only says when to look.

GitHub, Gitea and Forgejo sign with `X-Hub-Signature-256`; GitLab sends the secret in `X-Gitlab-Token`, or signs with
`webhook-signature` when it was stored there as a signing token. What was pushed is read from the host, never from here,
so a repeated or replayed push can do no more than start a look at the host.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
import uuid
from typing import Any
from urllib.parse import parse_qs

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.rest import MethodNotAllowed
from accounts.rest.bodies import read_body
from config.errors import BadBody, DomainError, NotFound, error_response
from repos import services
from repos.models import Repository, Trigger
from repos.secrets import SecretUnreadable

MAX_BODY = 5 << 20
TOLERANCE_SECONDS = 300
PUSH_EVENTS = {"push", "Push Hook", "System Hook"}


class SignatureInvalid(DomainError):
    code, status, message = "signature_invalid", 401, "The signature does not fit."


@login_not_required
@csrf_exempt
def git_webhook(request: HttpRequest, public_id: uuid.UUID) -> JsonResponse:
    """Take a push; answers 202 when a run was asked for, 200 when there is nothing to do."""
    try:
        if request.method != "POST":
            raise MethodNotAllowed("Use POST.", headers={"Allow": "POST"})
        repository = Repository.objects.for_webhook(public_id)
        if repository is None:
            raise NotFound
        body = read_body(request, MAX_BODY)
        if not is_signed(request, body, _secret(repository)):
            raise SignatureInvalid
        return _take(request, repository, body)
    except DomainError as error:
        return error_response(error)


def _secret(repository: Repository) -> str:
    try:
        return repository.webhook_secret
    except SecretUnreadable as error:
        raise SignatureInvalid from error


def is_signed(request: HttpRequest, body: bytes, secret: str) -> bool:
    """Whether one of the known signatures is there and right; all comparisons take the same time."""
    headers = request.headers
    if signature := headers.get("X-Hub-Signature-256"):
        expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return _equal(signature, expected)
    if signatures := headers.get("webhook-signature"):
        return _is_standard(
            signatures, headers.get("webhook-id", ""), headers.get("webhook-timestamp", ""), body, secret
        )
    return _equal(headers.get("X-Gitlab-Token", ""), secret)


def _is_standard(signatures: str, delivery: str, sent_at: str, body: bytes, secret: str) -> bool:
    if not (sent_at.isascii() and sent_at.isdigit() and abs(time.time() - int(sent_at[:12])) <= TOLERANCE_SECONDS):
        return False
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"))
    except binascii.Error:
        return False
    signed = f"{delivery}.{sent_at}.".encode("utf-8", "surrogateescape") + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(_equal(signature, expected) for signature in signatures.split()[:10])


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def _take(request: HttpRequest, repository: Repository, body: bytes) -> JsonResponse:
    event = request.headers.get("X-GitHub-Event") or request.headers.get("X-Gitlab-Event") or "push"
    if event not in PUSH_EVENTS:
        return _ignored(f"This event is not used: {event[:40]}.")
    push = _payload(request, body)
    branch, commit = str(push.get("ref") or ""), str(push.get("after") or push.get("checkout_sha") or "")
    Repository.objects.filter(pk=repository.pk).update(last_push_at=timezone.now())
    if repository.followed_branch and branch != f"refs/heads/{repository.followed_branch}":
        return _ignored("The push is to a branch that is not indexed.")
    if commit and not commit.strip("0"):
        return _ignored("The branch was deleted.")
    if repository.snapshot and commit == repository.snapshot.commit:
        return _ignored("This commit is indexed already.")
    if repository.paused_at:
        return _ignored("The repository is paused.")
    run = services.request_index(repository=repository, actor=None, trigger=Trigger.PUSH)
    return JsonResponse({"run": str(run.public_id)}, status=202)


def _payload(request: HttpRequest, body: bytes) -> dict[str, Any]:
    """The push as JSON; GitHub can also send it as the one field of a form."""
    try:
        if request.content_type == "application/x-www-form-urlencoded":
            body = parse_qs(body.decode())["payload"][0].encode()
        push = json.loads(body)
    except (ValueError, KeyError, RecursionError) as error:
        raise BadBody("The body is not a push as git hosts send it.") from error
    if not isinstance(push, dict):
        raise BadBody("The body is not a push as git hosts send it.")
    return push


def _ignored(why: str) -> JsonResponse:
    return JsonResponse({"ignored": why})
