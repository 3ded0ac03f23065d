"""A repository's name comes from its address, and so from whoever linked it: pages show it as text."""

import pytest
from django.test import Client

from repos.models import Repository
from tests.conftest import Cast

NAME = "<b>shop</b>"


@pytest.mark.parametrize("page", ["", "unlink/", "symbols/?q=x", "try/"])
def test_markup_in_a_name_is_text(cast: Cast, page: str) -> None:
    repository = Repository.objects.create(
        team=cast.acme, name=NAME, url="https://git.example/acme/x", identity="git.example/acme/x"
    )
    text = cast.client(cast.olga).get(f"/t/acme/repositories/{repository.public_id}/{page}").content.decode()
    assert "&lt;b&gt;shop&lt;/b&gt;" in text
    assert NAME not in text


def test_help_made_of_markup_is_still_markup(db: None) -> None:
    text = Client().get("/account/signup/").content.decode()
    assert "&lt;ul" not in text
    assert "&lt;li" not in text
