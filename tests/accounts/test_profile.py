"""A person's own page."""

import pytest

from tests.conftest import Cast


def test_a_name_is_saved_and_shown_to_the_team(cast: Cast) -> None:
    answer = cast.client(cast.mei).post("/account/profile/", {"name": "  Mei\n Lin "}, follow=True)
    assert "Your name was saved." in answer.content.decode()
    assert "Mei Lin" in cast.client(cast.olga).get("/t/acme/team/").content.decode()


def test_without_a_name_the_address_is_shown(cast: Cast) -> None:
    cast.client(cast.mei).post("/account/profile/", {"name": ""})
    cast.mei.refresh_from_db()
    assert cast.mei.label == "mei@acme.example"


@pytest.mark.parametrize("name", ["a\x00b", "n" * 10_000])
def test_a_name_that_cannot_be_stored_is_refused(cast: Cast, name: str) -> None:
    answer = cast.client(cast.mei).post("/account/profile/", {"name": name})
    assert answer.status_code == 400
    cast.mei.refresh_from_db()
    assert cast.mei.name == "Mei"


def test_nobody_changes_more_than_their_name(cast: Cast) -> None:
    cast.client(cast.mei).post("/account/profile/", {"name": "Mei", "is_staff": "on", "email": "olga@acme.example"})
    cast.mei.refresh_from_db()
    assert (cast.mei.is_staff, cast.mei.email) == (False, "mei@acme.example")
