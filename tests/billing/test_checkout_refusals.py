"""Who cannot start to pay, and for what."""

import pytest
from django.core.mail import EmailMessage
from pytest_django import Settings

from accounts.models import Membership
from accounts.services import close_team
from billing import errors, services
from billing.models import CheckoutState
from config.errors import Forbidden, NotFound
from tests.billing.buying import checkout_url, states
from tests.conftest import Cast
from tests.twin.client import TwinClient


def test_no_key_no_page(cast: Cast, settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = ""
    with pytest.raises(errors.NoStripe):
        checkout_url(cast)


@pytest.mark.parametrize(
    ("plan", "interval", "refusal"),
    [
        ("starter", "month", errors.UnknownPlan),
        ("gold", "month", errors.UnknownPlan),
        ("team", "week", errors.UnknownInterval),
    ],
)
def test_only_what_is_sold(cast: Cast, plan: str, interval: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        checkout_url(cast, plan, interval)


def test_who_lost_the_right_is_stopped_under_the_lock(cast: Cast, twin: TwinClient) -> None:
    for person, refusal in ((cast.adam, Forbidden), (cast.mei, Forbidden), (cast.mallory, NotFound)):
        with pytest.raises(refusal):
            services.open_checkout(team=cast.acme, plan="team", interval="month", actor=person)
    services.open_checkout(team=cast.acme, plan="team", interval="month", actor=cast.vic)
    Membership.objects.get(team=cast.acme, user=cast.vic).delete()
    with pytest.raises(NotFound):
        services.open_checkout(team=cast.acme, plan="team", interval="month", actor=cast.vic)


def test_a_deleted_team_pays_nothing(cast: Cast, twin: TwinClient) -> None:
    close_team(team=cast.acme, actor=cast.olga)
    with pytest.raises(NotFound):
        checkout_url(cast)
    assert twin.truth("checkout.session") == []


def test_a_price_that_is_missing_says_what_to_run(
    cast: Cast, bare_twin: TwinClient, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    settings.ADMINS = [("Operator", "ops@pare.example")]
    with pytest.raises(errors.PriceMissing, match="stripe_setup"):
        checkout_url(cast)
    assert states(cast) == [CheckoutState.EXPIRED]
    assert bare_twin.truth("customer") == []
    assert "stripe_setup" in mailoutbox[-1].body
