"""Operators look at repositories and runs; no secret is on their pages."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains

from repos import services
from repos.models import IndexRun
from tests.conftest import Cast
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(
        make_user("root@pare.example", is_staff=True, is_superuser=True),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    return client


def test_they_look_and_change_nothing(cast: Cast, staff: Client) -> None:
    repository = services.link_repository(
        team=cast.acme, url="https://git.example.invalid/a/b", token="tok-9", actor=cast.olga
    )
    run = IndexRun.objects.get()
    for name, pk in (("repository", repository.pk), ("indexrun", run.pk)):
        assertContains(staff.get(reverse(f"admin:repos_{name}_changelist")), "a/b")
        shown = staff.get(reverse(f"admin:repos_{name}_change", args=[pk]))
        assert shown.status_code == 200
        for secret in ("tok-9", "sealed", repository.webhook_secret):
            assertNotContains(shown, secret)
        assert staff.post(reverse(f"admin:repos_{name}_delete", args=[pk]), {"post": "yes"}).status_code == 403
