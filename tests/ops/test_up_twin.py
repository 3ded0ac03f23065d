"""`PARE_STRIPE=twin`: the twin of Stripe beside Pare, and the sentences when it cannot be."""

import signal
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.local import LocalStackError, stripe_twin
from config.processes import free_port
from tests.live import ROOT
from tests.ops.test_up import Up, run_to_its_end
from tests.twin.client import TwinClient
from tests.twin.talk import sdk

STRIPE = {"STRIPE_SECRET_KEY", "STRIPE_API_BASE", "STRIPE_WEBHOOK_SECRET", "PARE_STRIPE"}


@pytest.fixture(autouse=True)
def no_stripe(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a newcomer has it; the tests themselves run with the address of their own twin."""
    for name in STRIPE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)


def plan(tmp_path: Path, choice: str = "twin", **more: object) -> object:
    given = {"real_key": "", "root": ROOT, "data": tmp_path, "port": 8001, "site": "http://127.0.0.1:8000", **more}
    return stripe_twin(choice, **given)  # type: ignore[arg-type]


def test_nothing_is_started_unless_asked(tmp_path: Path) -> None:
    assert plan(tmp_path, "") is None
    assert list(tmp_path.iterdir()) == []


def test_the_secret_stays_the_same_and_is_private(tmp_path: Path) -> None:
    first, second = (stripe_twin("twin", real_key="", root=ROOT, data=tmp_path, port=1, site="") for _ in range(2))
    assert first is not None and second is not None
    secret = first.environment["STRIPE_WEBHOOK_SECRET"]
    assert secret.startswith("whsec_") and second.environment["STRIPE_WEBHOOK_SECRET"] == secret
    assert stat.S_IMODE((tmp_path / "stripe_twin_secret").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("choice", "more", "words"),
    [
        ("yes", {}, "PARE_STRIPE is 'yes': set it to twin"),
        ("twin", {"real_key": "sk_test_mine"}, "exclude each other"),
        ("twin", {"root": Path("/nowhere")}, "the Docker image has none"),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path: Path, choice: str, more: dict[str, object], words: str) -> None:
    with pytest.raises(LocalStackError, match=words):
        plan(tmp_path, choice, **more)


def test_up_says_the_sentence_and_starts_nothing(tmp_path: Path) -> None:
    code, said = run_to_its_end(tmp_path / "data", free_port(), PARE_STRIPE="yes")
    assert code == 1 and len(said.splitlines()) == 1
    assert "PARE_STRIPE is 'yes': set it to twin, or leave it out." in said
    assert not (tmp_path / "data" / "postgres").exists()


def two_free_ports() -> int:
    """A free port whose next one is free as well."""
    while True:
        port = free_port()
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


@pytest.fixture
def up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Up]]:
    monkeypatch.setenv("PARE_STRIPE", "twin")
    port, started = two_free_ports(), list[Up]()

    def begin() -> Up:
        started.append(Up(tmp_path / "data", port))
        return started[-1].wait_until_up()

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.end(signal.SIGTERM)


def test_the_twin_runs_beside_pare_has_prices_and_keeps_its_customers(up: Callable[[], Up]) -> None:
    first = up()
    twin = twin_of(first)
    api = sdk(twin.url)
    assert {price.lookup_key for price in api.v1.prices.list().data} >= {"pare_pro_monthly", "pare_team_monthly"}
    (endpoint,) = api.v1.webhook_endpoints.list().data
    assert endpoint.url == f"{first.url}/webhooks/stripe"

    customer = api.v1.customers.create({"email": "olga@acme.example"})
    sent = api.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": api.v1.prices.list({"lookup_keys": ["pare_pro_monthly"]}).data[0].id}],
            "default_payment_method": api.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id}).id,
        }
    )
    first.until(lambda: "customer.subscription.created" in {row["type"] for row in twin.deliveries("delivered")})
    assert twin.deliveries("failed") == []
    assert first.end(signal.SIGTERM) == 0

    second = up()
    assert twin_of(second).url == twin.url
    assert api.v1.subscriptions.retrieve(sent.id).status == "active"
    assert len(api.v1.webhook_endpoints.list().data) == 1


def twin_of(up: Up) -> TwinClient:
    """The twin that the last line of a start names."""
    words = "Payments go to a twin of Stripe (test cards, clock): "
    up.until(lambda: any(line.startswith(words) for line in up.lines) or up.process.poll() is not None)
    (line,) = [line for line in up.lines if line.startswith(words)]
    return TwinClient(line.removeprefix(words))
