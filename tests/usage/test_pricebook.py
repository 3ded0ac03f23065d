"""The price book in the database: filled once, changed by version, never re-pricing what was priced."""

from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from tests.conftest import Cast
from tests.usage.builders import make_record, send, yesterday
from usage import pricebook
from usage.models import PriceRow, PriceVersion, UsageEvent
from usage.pricing import PriceBook, PriceLine
from usage.sources import TokenCounts
from usage.tasks import refresh_prices


@pytest.fixture(autouse=True)
def own_book(db: None) -> None:
    pricebook.forget()


def line(model: str, component: str, usd: str, **fields: object) -> PriceLine:
    base = PriceLine("anthropic", model, component, "", 0, 0, Decimal(usd).quantize(Decimal("1e-10")), *([None] * 4))
    return base._replace(**fields)  # type: ignore[arg-type]


def test_an_empty_book_is_filled_from_the_installed_prices() -> None:
    book = pricebook.current()
    assert book.version == 1
    version = PriceVersion.objects.get()
    assert version.source.startswith("genai-prices ")
    assert PriceRow.objects.count() == len(set(pricebook.installed_lines())) > 4000
    opus = PriceRow.objects.filter(provider="anthropic", model="claude-opus-4-5", context="", tier_start=0)
    assert dict(opus.values_list("component", "usd_per_mtok")) == {
        "input": 5,
        "output": 25,
        "cache_read": Decimal("0.5"),
        "cache_write": Decimal("6.25"),
        "cache_write_1h": 10,
    }


def test_what_was_stored_prices_as_what_was_published() -> None:
    stored, published = pricebook.current(), PriceBook(1, pricebook.installed_lines())
    tokens = TokenCounts(input_uncached=210_000, cache_read=7, cache_write_1h=3, output=11)
    for model in ("claude-sonnet-4-5", "gpt-5.4", "gemini-2.5-pro", "deepseek-chat", "o3"):
        record = make_record(model=model, tokens=tokens)
        assert stored.price(record) == published.price(record)
        assert stored.price(record).cost


def test_the_same_prices_again_are_no_new_version() -> None:
    lines = [line("claude-opus-4-5", "input", "5"), line("claude-opus-4-5", "output", "25")]
    assert [pricebook.refresh(lines, "test") for _ in range(3)] == [1, 1, 1]
    assert PriceRow.objects.count() == 2


def test_other_prices_are_a_new_version_and_the_old_one_stays_readable() -> None:
    old = [line("claude-opus-4-5", "input", "5"), line("claude-opus-4-5", "output", "25")]
    new = [line("claude-opus-4-5", "input", "4"), old[1], line("claude-haiku-4-5", "input", "1")]
    assert (pricebook.refresh(old, "first"), pricebook.refresh(new, "second")) == (1, 2)
    record = make_record(tokens=TokenCounts(input_uncached=10**6))
    costs = [pricebook.load(number).price(record).cost for number in (1, 2)]
    assert [cost and cost.total for cost in costs] == [5, 4]
    assert PriceRow.objects.get(retired_in=2).usd_per_mtok == 5
    assert pricebook.refresh(old, "first") == 3  # back again is a change too


def test_dates_and_windows_are_kept() -> None:
    dated = line("claude-opus-4-5", "input", "5", valid_from=date(2026, 1, 1), valid_to=date(2026, 2, 1))
    pricebook.refresh([dated], "test")
    row = PriceRow.objects.get()
    assert (row.valid_from, row.valid_to) == (date(2026, 1, 1), date(2026, 2, 1))


def test_a_new_version_does_not_re_price_events(cast: Cast) -> None:
    pricebook.refresh([line("claude-opus-4-5", "output", "25")], "first")
    send(cast.acme, make_record(client_id="old", occurred_at=yesterday(), tokens=TokenCounts(output=10**6)))
    pricebook.refresh([line("claude-opus-4-5", "output", "30")], "second")
    pricebook.forget()
    send(cast.acme, make_record(client_id="new", occurred_at=yesterday(), tokens=TokenCounts(output=10**6)))
    priced = UsageEvent.objects.order_by("client_id").values_list("client_id", "computed_cost", "price_version")
    assert list(priced) == [("new", Decimal(30), 2), ("old", Decimal(25), 1)]


def test_the_command_says_what_it_did() -> None:
    pricebook.refresh([line("claude-opus-4-5", "input", "4")], "test")
    out = StringIO()
    call_command("refresh_prices", stdout=out)
    call_command("refresh_prices", stdout=out)
    first, second = out.getvalue().splitlines()
    assert first.startswith("The price book is at version 2: ")
    assert first.endswith(" new prices, 1 retired.")
    assert second == "Nothing changed: the price book stays at version 2."


def test_the_daily_task_refreshes() -> None:
    refresh_prices()
    assert PriceVersion.objects.get().number == 1
