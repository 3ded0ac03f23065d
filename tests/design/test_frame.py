"""The frame around every page: where one is, which teams one can go to, and error pages that need nothing."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client

from config.templatetags.frame import browser_name
from tests.conftest import Cast
from tests.factories import make_team


def links_of(page: str, label: str) -> dict[str, str | None]:
    """The links of the navigation with this label: text -> its aria-current."""
    inside = re.search(rf'<nav[^>]*aria-label="{label}".*?</nav>', page, re.DOTALL)
    assert inside
    links = re.findall(r"<a href=\"[^\"]*\"( aria-current=\"(\w+)\")?>(.*?)</a>", inside[0], re.DOTALL)
    return {re.sub(r"<.*?>", "", text, flags=re.DOTALL).strip(): current or None for _, current, text in links}


def test_the_column_says_where_the_reader_is(cast: Cast) -> None:
    page = cast.client(cast.olga).get("/t/acme/keys/").content.decode()
    assert links_of(page, "Team") == {
        "Overview": None,
        "Repositories": None,
        "Agents": None,
        "Spend": None,
        "Team": "true",
        "Billing": None,
    }
    assert links_of(page, "Team pages")["API keys"] == "page"


@pytest.mark.parametrize(
    ("who", "column", "tabs"),
    [
        ("mei", {"Overview", "Repositories", "Agents", "Spend", "Team"}, {"Members", "API keys"}),
        ("vic", {"Overview", "Agents", "Spend", "Team", "Billing"}, {"Members"}),
    ],
)
def test_only_pages_that_the_role_may_open_are_offered(cast: Cast, who: str, column: set[str], tabs: set[str]) -> None:
    page = cast.client(getattr(cast, who)).get("/t/acme/team/").content.decode()
    assert set(links_of(page, "Team")) == column
    assert set(links_of(page, "Team pages")) == tabs


def test_the_overview_is_only_where_it_is(cast: Cast) -> None:
    client = cast.client(cast.olga)
    assert links_of(client.get("/t/acme/").content.decode(), "Team")["Overview"] == "page"
    assert links_of(client.get("/t/acme/spend/").content.decode(), "Team")["Overview"] is None


def test_the_switcher_holds_only_the_readers_teams(cast: Cast) -> None:
    make_team("Second", owner=cast.olga, slug="second")
    page = cast.client(cast.olga).get("/t/acme/").content.decode()
    assert 'href="/t/second/"' in page
    assert "/t/rival/" not in page


def test_a_stranger_sees_no_team_and_may_sign_up(client: Client, db: None) -> None:
    page = client.get("/").content.decode()
    assert "/account/signup/" in page and 'id="sidenav"' not in page


def test_a_page_that_is_missing_keeps_the_frame_of_a_reader(cast: Cast) -> None:
    answer = cast.client(cast.olga).get("/t/rival/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_a_form_without_its_token_is_explained(cast: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/account/login/", {"login": "olga@acme.example", "password": "x"})
    assert answer.status_code == 403
    assert "This form is out of date" in answer.content.decode()


@pytest.mark.parametrize("name", ["400.html", "429.html", "500.html"])
def test_error_pages_need_no_context(name: str) -> None:
    page = render_to_string(name)
    assert "<h1>" in page and "{{" not in page


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/149.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/149.0 Safari/537.36 Edg/149.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:146.0) Gecko/20100101 Firefox/146.0", "Firefox on macOS"),
        ("a-script/1.0", "a-script/1.0"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named(user_agent: str, name: str) -> None:
    assert browser_name(user_agent) == name
