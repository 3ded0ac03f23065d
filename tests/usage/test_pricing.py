"""List prices: those out of our own lines equal those of the package they came from; and what has no price."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from genai_prices import Usage, calc_price, data_snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.usage.builders import make_record
from usage import pricebook
from usage.pricing import PriceBook, identify
from usage.sources import TokenCounts

AGENT_PROVIDERS = ("anthropic", "openai", "google", "x-ai", "deepseek", "mistral", "moonshotai", "aws", "perplexity")
NOVEMBER = datetime(2026, 11, 20, 12, tzinfo=UTC)


@cache
def book() -> PriceBook:
    return PriceBook(1, pricebook.installed_lines())


def usd(model: str, at: datetime = NOVEMBER, **fields: Any) -> Decimal | None:
    tokens = TokenCounts(**{k: v for k, v in fields.items() if k in TokenCounts.__struct_fields__})
    rest = {k: v for k, v in fields.items() if k not in TokenCounts.__struct_fields__}
    cost = book().price(make_record(model=model, tokens=tokens, occurred_at=at, **rest)).cost
    return None if cost is None else cost.total


def test_it_prices_each_class_of_token() -> None:
    tokens = TokenCounts(
        input_uncached=1_000, cache_read=10_000, cache_write_5m=2_000, cache_write_1h=3_000, output=500
    )
    cost = book().price(make_record(model="claude-opus-4-5", tokens=tokens)).cost
    assert cost is not None
    assert cost.input == Decimal("0.005")
    assert cost.cache_read == Decimal("0.005")
    assert cost.cache_write == Decimal("0.0125") + Decimal("0.03")
    assert cost.output == Decimal("0.0125")
    assert cost.total == Decimal("0.065")


def test_a_write_of_unsaid_lifetime_is_priced_as_five_minutes() -> None:
    assert usd("claude-opus-4-5", cache_write_unsplit=1000) == usd("claude-opus-4-5", cache_write_5m=1000)


def test_the_price_is_that_of_the_day() -> None:
    before, after = datetime(2025, 6, 9, 23, 59, tzinfo=UTC), datetime(2025, 6, 10, 0, 0, tzinfo=UTC)
    assert usd("o3", before, input_uncached=1_000_000) == 10
    assert usd("o3", after, input_uncached=1_000_000) == 2


def test_the_day_is_that_of_utc() -> None:
    east = datetime.fromisoformat("2025-06-10T01:00:00+05:00")
    assert usd("o3", east, input_uncached=1_000_000) == 10


def test_a_tier_is_chosen_by_all_input_and_applies_to_all_of_it() -> None:
    below = usd("claude-sonnet-4-5", input_uncached=100_000, cache_read=100_000)
    above = usd("claude-sonnet-4-5", input_uncached=100_000, cache_read=100_001)
    assert below == Decimal("0.33")
    assert above == Decimal("0.6") + Decimal("0.0600006")


def test_fast_mode_has_its_own_price() -> None:
    assert usd("claude-opus-4-8", output=1_000_000) == 25
    assert usd("claude-opus-4-8", output=1_000_000, speed="fast") == 50


def test_off_peak_hours_have_their_own_price() -> None:
    night, noon = datetime(2026, 11, 20, 20, tzinfo=UTC), datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert usd("deepseek-chat", night, output=1_000_000) != usd("deepseek-chat", noon, output=1_000_000)


@pytest.mark.parametrize("model", ["gpt-6", "claude-haiku-5", "auto", "<synthetic>", "", "ü" * 200])
def test_an_unknown_model_is_unpriced_and_never_zero(model: str) -> None:
    priced = book().price(make_record(model=model, tokens=TokenCounts(output=1000)))
    assert (priced.cost, priced.reason) == (None, "unknown model")


@pytest.mark.parametrize(
    "context",
    [{"speed": "fast"}, {"batch": True, "speed": "fast"}, {"service_tier": "flex"}],
)
def test_a_request_of_a_kind_without_a_price_is_unpriced(context: dict[str, Any]) -> None:
    assert usd("claude-opus-4-5", output=1000, **context) is None


def test_an_unknown_provider_is_unpriced() -> None:
    assert usd("claude-opus-4-5", output=1000, provider="somebody") is None


@pytest.mark.parametrize(
    ("model", "provider", "served_by"),
    [
        ("claude-opus-4-6[1m]", "", "anthropic"),
        ("claude-opus-4-5@20251101", "vertex", "google"),
        ("us.anthropic.claude-opus-4-5-20251101-v1:0", "", "aws"),
        ("openai/gpt-5.5", "", "openai"),
        ("models/gemini-2.5-pro", "", "google"),
        ("composer-2.5", "", "cursor"),
    ],
)
def test_names_as_agents_send_them_are_understood(model: str, provider: str, served_by: str) -> None:
    ref = identify(model, provider)
    assert ref is not None
    assert ref.provider == served_by
    assert usd(model, output=1000, provider=provider)


def _agent_models() -> Iterator[tuple[str, str]]:
    for provider in data_snapshot.get_snapshot().providers:
        if provider.id in AGENT_PROVIDERS:
            for model in provider.models:
                found = provider.find_model(model.id)
                if found is model:
                    yield provider.id, model.id


CONTEXTS: list[tuple[dict[str, object], dict[str, str]]] = [
    ({}, {}),
    ({"batch": True}, {"processing": "batch"}),
    ({"speed": "fast"}, {"speed": "fast"}),
    ({"service_tier": "priority"}, {"service_tier": "priority"}),
    ({"service_tier": "flex"}, {"service_tier": "flex"}),
]
counts = st.one_of(st.just(0), st.integers(0, 400_000))


@settings(max_examples=400, deadline=None)
@given(
    model=st.sampled_from(list(_agent_models())),
    parts=st.tuples(counts, counts, counts, counts, counts),
    days=st.integers(0, 900),
    minute=st.integers(0, 1439),
    context=st.sampled_from(CONTEXTS),
)
def test_it_agrees_with_the_source_of_the_prices(
    model: tuple[str, str],
    parts: tuple[int, int, int, int, int],
    days: int,
    minute: int,
    context: tuple[dict[str, object], dict[str, str]],
) -> None:
    at = datetime(2024, 7, 1, tzinfo=UTC) + timedelta(days=days, minutes=minute)
    fresh, read, short, long, output = parts
    tokens = TokenCounts(
        input_uncached=fresh, cache_read=read, cache_write_5m=short, cache_write_1h=long, output=output
    )
    ours = book().price(make_record(provider=model[0], model=model[1], tokens=tokens, occurred_at=at, **context[0]))
    if ours.cost is None:
        # Refused for a reason; the package would have answered with zero or the base price.
        assert ours.reason
        return
    usage = Usage(
        input_tokens=tokens.input,
        cache_read_tokens=read,
        cache_write_tokens=short + long,
        cache_write_1h_tokens=long,
        output_tokens=output,
    )
    theirs = calc_price(
        usage, model[1], provider_id=model[0], genai_request_timestamp=at, price_context=context[1]
    ).total_price
    assert abs(ours.cost.total - theirs) <= Decimal("2e-10")


def test_ordinary_requests_of_agent_models_are_priced() -> None:
    """The agreement above would prove nothing if we refused to price what people use."""
    sample = random.Random(7).sample([m for m in _agent_models() if m[0] in {"anthropic", "openai", "google"}], 60)
    tokens = TokenCounts(input_uncached=10, output=1)
    priced = [m for m in sample if book().price(make_record(provider=m[0], model=m[1], tokens=tokens)).cost is not None]
    assert len(priced) >= 50
    claude = [m for m in _agent_models() if m[0] == "anthropic"]
    assert all(book().price(make_record(provider=p, model=m, tokens=tokens)).cost is not None for p, m in claude)
