"""The twin's webhooks: signed, tried again until they arrive, and every way in which they can go wrong."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from django.conf import settings

from tests.twin.client import TwinClient
from tests.twin.talk import sdk
from tests.twin.tests.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def hooked(bare_twin: TwinClient, receiver: Receiver) -> TwinClient:
    """A twin with one endpoint for all events, always with the same dice."""
    bare_twin.reset(seed="dice", webhook=receiver.url)
    return bare_twin


def api(twin: TwinClient) -> Any:
    return sdk(twin.url).v1


def customers(twin: TwinClient, *names: str) -> list[str]:
    return [api(twin).customers.create({"name": name}).id for name in names]


def test_an_event_arrives_signed_as_the_sdk_expects_it(hooked: TwinClient, receiver: Receiver) -> None:
    (customer,) = customers(hooked, "a")
    hooked.settle()
    (event,) = receiver.events()
    assert (event.type, event.api_version, event.livemode) == ("customer.created", stripe.api_version, False)
    assert event.data.object["id"] == customer
    assert event.request and event.request.id and event.request.id.startswith("req_")
    (stored,) = hooked.truth("event")
    assert (stored["id"], stored["pending_webhooks"]) == (event.id, 0)


def test_a_change_shows_what_it_was_before(hooked: TwinClient, receiver: Receiver) -> None:
    (customer,) = customers(hooked, "a")
    api(hooked).customers.update(customer, {"name": "b"})
    hooked.settle()
    changed = receiver.events()[-1]
    assert changed.type == "customer.updated"
    assert changed.data.previous_attributes and changed.data.previous_attributes.to_dict() == {"name": "a"}
    assert changed.data.object["name"] == "b"


def test_an_endpoint_gets_what_it_asked_for(bare_twin: TwinClient, receiver: Receiver) -> None:
    wanted: Any = {"url": receiver.url, "enabled_events": ["customer.deleted"]}
    endpoint = api(bare_twin).webhook_endpoints.create(wanted)
    (customer,) = customers(bare_twin, "a")
    api(bare_twin).customers.delete(customer)
    bare_twin.settle()
    assert [event.type for event in receiver.events()] == ["customer.deleted"]
    api(bare_twin).webhook_endpoints.update(endpoint.id, {"disabled": True})
    (other,) = customers(bare_twin, "b")
    api(bare_twin).customers.delete(other)
    bare_twin.settle()
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [500, 404, 302])
def test_what_is_not_taken_comes_again_later(hooked: TwinClient, receiver: Receiver, status: int) -> None:
    receiver.answers = [status, status]
    customers(hooked, "a")
    hooked.settle()
    (row,) = hooked.deliveries("queued")
    assert (row["attempt"], row["status"]) == (1, status)
    hooked.advance(seconds=301)
    hooked.settle()
    hooked.advance(seconds=1801)
    hooked.settle()
    assert [row["attempt"] for row in hooked.deliveries("delivered")] == [3]
    assert len({event.id for event in receiver.events()}) == 1 and len(receiver.got) == 3


def test_after_three_days_it_is_given_up(hooked: TwinClient, receiver: Receiver) -> None:
    receiver.answers = [500] * 20
    customers(hooked, "a")
    for _ in range(12):
        hooked.settle()
        hooked.advance(days=1)
    hooked.settle()
    (row,) = hooked.deliveries("failed")
    assert row["attempt"] == len(receiver.got) == 11
    assert hooked.truth("event")[0]["pending_webhooks"] == 1


def test_an_endpoint_that_is_down_is_tried_again(hooked: TwinClient, receiver: Receiver) -> None:
    hooked.reset(webhook="http://127.0.0.1:1/hook")
    customers(hooked, "a")
    hooked.settle()
    (row,) = hooked.deliveries("queued")
    assert (row["attempt"], row["status"]) == (1, None)


def test_the_receiver_may_ask_the_api_before_it_answers(hooked: TwinClient, receiver: Receiver) -> None:
    """The world is not locked while a webhook is under way."""
    receiver.may_answer.clear()
    customers(hooked, "a")
    receiver.wait_for(1)
    assert api(hooked).customers.list().data[0].name == "a"
    assert receiver.got == []
    receiver.may_answer.set()
    hooked.settle()
    assert receiver.names() == ["a"]


# Chaos


def test_duplicates(hooked: TwinClient, receiver: Receiver) -> None:
    hooked.chaos(duplicate=2)
    customers(hooked, "a", "b")
    hooked.settle()
    assert sorted(receiver.names()) == ["a", "a", "a", "b", "b", "b"]
    hooked.chaos(duplicate=False)
    customers(hooked, "c")
    hooked.settle()
    assert receiver.names().count("c") == 1


def test_dropped_ones_never_come(hooked: TwinClient, receiver: Receiver) -> None:
    hooked.chaos(drop=True)
    customers(hooked, "a")
    hooked.chaos(drop=False)
    customers(hooked, "b")
    hooked.advance(days=5)
    hooked.settle()
    assert receiver.names() == ["b"]
    assert [row["state"] for row in hooked.deliveries()] == ["dropped", "delivered"]
    assert len(api(hooked).events.list().data) == 2, "the list of events knows it all the same"


def test_chances_fall_the_same_way_for_the_same_seed(bare_twin: TwinClient) -> None:
    def fates(seed: str) -> list[str]:
        bare_twin.reset(seed=seed, webhook="http://127.0.0.1:1/hook")
        bare_twin.chaos(drop=0.5, hold=True, duplicate=0.3)
        customers(bare_twin, *"abcdefghijkl")
        return [row["state"] for row in bare_twin.deliveries()]

    first = fates("7")
    assert first == fates("7") != fates("8")
    assert {"dropped", "held"} == set(first)


def test_reordered(hooked: TwinClient, receiver: Receiver) -> None:
    hooked.chaos(reorder=True)
    customers(hooked, *"abcdefgh")
    hooked.settle()
    while hooked.deliveries("queued"):
        hooked.settle()
    assert sorted(receiver.names()) == list("abcdefgh")
    orders = [row["order"] for row in hooked.deliveries()]
    assert orders != sorted(orders)


def test_delayed_past_whatever_comes_next(hooked: TwinClient, receiver: Receiver) -> None:
    hooked.chaos(delay=600)
    customers(hooked, "a")
    hooked.settle()
    assert receiver.got == []
    hooked.advance(seconds=601)
    hooked.settle()
    assert receiver.names() == ["a"]


def test_a_burst_arrives_all_at_once(hooked: TwinClient, receiver: Receiver) -> None:
    receiver.may_answer.clear()
    hooked.chaos(burst=6)
    customers(hooked, *"abcdef")
    receiver.wait_for(6)
    receiver.may_answer.set()
    hooked.settle()
    assert sorted(receiver.names()) == list("abcdef")


def test_a_burst_that_stays_alone_comes_in_the_end(hooked: TwinClient, receiver: Receiver) -> None:
    hooked.chaos(burst=50)
    customers(hooked, "a")
    deadline = time.monotonic() + 20
    while not receiver.got and time.monotonic() < deadline:
        time.sleep(0.05)
    assert receiver.names() == ["a"]


def test_a_late_retry_brings_an_old_state_again(hooked: TwinClient, receiver: Receiver) -> None:
    hooked.chaos(late_retry=True)
    (customer,) = customers(hooked, "a")
    hooked.chaos(late_retry=False)
    api(hooked).customers.update(customer, {"name": "b"})
    hooked.settle()
    assert receiver.names() == ["a", "b"]
    hooked.advance(days=4)
    hooked.settle()
    assert receiver.names() == ["a", "b", "a"]


# Held and carried by hand


def test_what_is_held_goes_when_told_in_the_order_told(hooked: TwinClient, receiver: Receiver) -> None:
    hooked.chaos(hold=True)
    customers(hooked, "a", "b", "c")
    hooked.advance(days=1)
    hooked.settle()
    assert receiver.got == [] and len(hooked.held()) == 3
    assert hooked.release(which=[hooked.held()[1]["id"]]) == 1
    hooked.settle()
    assert hooked.release("reverse") == 2
    hooked.settle()
    assert receiver.names() == ["b", "c", "a"]
    assert hooked.held() == []


def test_letters_are_carried_to_a_receiver_until_it_takes_them(hooked: TwinClient, receiver: Receiver) -> None:
    hooked.chaos(hold=True)
    (customer,) = customers(hooked, "a")
    api(hooked).customers.delete(customer)
    letters = hooked.letters("shuffle")
    assert {letter["type"] for letter in letters} == {"customer.created", "customer.deleted"}
    assert len(hooked.held()) == 2, "looking is not delivering"
    base = receiver.url.removesuffix("/hook")
    receiver.answers = [500]
    assert hooked.deliver_to(base, which=["customer.deleted"], path="/hook") == [500]
    assert [row["type"] for row in hooked.held()] == ["customer.created", "customer.deleted"]
    assert hooked.deliver_to(base, path="/hook") == [200, 200]
    assert hooked.held() == [] and len(receiver.got) == 3


def test_a_held_letter_is_signed_when_it_leaves(hooked: TwinClient) -> None:
    """However far the twin's clock was moved: the receiver compares the signature with its own time."""
    hooked.chaos(hold=True)
    customers(hooked, "a")
    hooked.advance(days=40)
    (letter,) = hooked.letters()
    stripe.Webhook.construct_event(letter["payload"], letter["signature"], settings.STRIPE_WEBHOOK_SECRETS[0])
    assert abs(int(letter["signature"].split(",")[0].removeprefix("t=")) - time.time()) < 60
