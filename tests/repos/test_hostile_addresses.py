"""Addresses of the graph and the symbol made to break them: refused or not found, never an error or markup."""

from urllib.parse import quote

import pytest
from django.test import Client

from repos.models import Repository
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

HOSTILE = [
    "\0",
    "shop\0/tax.py",
    "../../etc/passwd",
    "/etc/passwd",
    "shop/../shop/tax.py",
    "shop//tax.py",
    "\u202egnp.yp",
    "\ud800".encode("utf-8", "surrogatepass"),
    b"\xff\xfe",
    "%2F%00",
    '"><script>alert(1)</script>',
    "</title><svg onload=alert(1)>",
    "x" * 10_000,
    "a/" * 2_400,
    " ",
    "{{ 1 }}{% now %}",
]
PAGES = ["graph/?at={}", "graph/?at=shop&part={}", "graph/?slice={}", "symbol/?path={}&name=tax_of",
         "symbol/?path=shop/tax.py&name={}", "symbol/?path=shop/tax.py&name=tax_of&line={}",
         "symbol/?path=shop/tax.py&name=tax_of&of={}", "symbols/?q={}"]  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_pages_refuse_or_do_not_find(cast: Cast, indexed: Repository, hostile: str | bytes) -> None:
    client: Client = cast.client(cast.mei)
    for page in PAGES:
        response = client.get(f"/t/acme/repositories/{indexed.public_id}/" + page.format(quote(hostile)))
        assert response.status_code in (200, 400, 404), page
        text = response.content.decode()
        assert "<script>alert" not in text and "<svg onload" not in text, page
