"""The contract gate: what the installed SDK says a request and an answer look like, and nothing else passes."""

from typing import Any, ForwardRef, Literal, Union, get_args, get_origin
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode
from stripe._object_classes import OBJECT_CLASSES
from typing_extensions import is_typeddict

from tests.twin import forms, gate
from tests.twin.errors import TwinError
from tests.twin.gate import answers
from tests.twin.gate.answers import ContractError
from tests.twin.gate.contract import routes
from tests.twin.gate.params import OPEN_ENUM, OPEN_UNION, adapter

SUBSCRIPTION = "/v1/subscriptions/sub_1"
ENDPOINT = {
    "id": "we_1",
    "object": "webhook_endpoint",
    "api_version": None,
    "application": None,
    "created": 1,
    "description": None,
    "enabled_events": ["*"],
    "livemode": False,
    "metadata": {"_any": "text"},
    "status": "enabled",
    "url": "https://pare.example",
}


def checked(method: str, path: str, **params: Any) -> dict[str, Any]:
    template = gate.match(method, path)
    assert template is not None
    return gate.check(method, template, params)


def test_it_reads_every_route_with_its_types_from_the_sdk() -> None:
    assert len(routes()) > 500
    assert gate.routes()["POST", "/v1/checkout/sessions"] == "SessionCreateParams"
    session, portal = routes()["POST", "/v1/checkout/sessions"], routes()["POST", "/v1/billing_portal/sessions"]
    assert session.params != portal.params, "two services name their types alike"
    assert [route for route in routes().values() if route.params is None or route.answer is None] == []
    assert routes()["GET", "/v1/prices"].wrapper == "ListObject"


def test_every_type_of_the_sdk_can_be_checked_and_none_stays_open() -> None:
    """An enum that also takes any string would let a misspelt value through."""
    kinds = {route.params for route in routes().values() if route.params}
    seen: set[type] = set()
    for kind in kinds:
        module = __import__(kind[0], fromlist=["_"])
        adapter(kind)
        seen |= {item for item in vars(module).values() if is_typeddict(item)}
    open_fields = [
        f"{kind.__name__}.{name}" for kind in seen for name, value in kind.__annotations__.items() if is_open(value)
    ]
    assert open_fields == []
    assert len(seen) > 1000


def is_open(annotation: Any) -> bool:
    if isinstance(annotation, ForwardRef):
        text = annotation.__forward_arg__
        return bool(OPEN_ENUM.search(text) or OPEN_UNION.search(text))
    inner = get_args(annotation)
    if get_origin(annotation) is Union and str in inner and any(get_origin(part) is Literal for part in inner):
        return True
    return get_origin(annotation) is not Literal and any(is_open(part) for part in inner)


def test_addresses_find_their_route() -> None:
    assert gate.match("POST", "/v1/invoices/create_preview") == "/v1/invoices/create_preview"
    assert gate.match("POST", "/v1/invoices/in_1") == "/v1/invoices/{invoice}"
    assert gate.match("POST", "/v1/invoices") == "/v1/invoices"
    unknown = [("POST", "/v1/invoice"), ("PATCH", "/v1/invoices/in_1"), ("GET", "/v1/invoices/"), ("GET", "/")]
    assert [gate.match(method, path) for method, path in unknown] == [None] * 4


def test_form_strings_become_what_the_types_say() -> None:
    params = checked(
        "POST",
        SUBSCRIPTION,
        items=[{"id": "si_1", "quantity": "7"}],
        cancel_at_period_end="true",
        cancel_at="1790000000",
        proration_behavior="always_invoice",
        metadata={"0": "12"},
        expand=["latest_invoice"],
    )
    assert params["items"] == [{"id": "si_1", "quantity": 7}]
    assert params["cancel_at_period_end"] is True and params["cancel_at"] == 1790000000
    assert params["metadata"] == {"0": "12"}
    assert checked("POST", SUBSCRIPTION, cancel_at="", metadata="") == {"cancel_at": "", "metadata": ""}
    price = checked("POST", "/v1/prices", currency="usd", product="prod_1", unit_amount_decimal="12.50")
    assert price["unit_amount_decimal"] == "12.50"


@pytest.mark.parametrize(
    ("path", "params", "param", "code"),
    [
        (SUBSCRIPTION, {"prorate": "true"}, "prorate", "parameter_unknown"),
        (SUBSCRIPTION, {"items": [{"id": "si_1", "qty": "7"}]}, "items[0][qty]", "parameter_unknown"),
        (SUBSCRIPTION, {"items": [{"id": "a"}, {"quantity": "x"}]}, "items[1][quantity]", "parameter_invalid_integer"),
        (SUBSCRIPTION, {"items": "si_1"}, "items", None),
        (SUBSCRIPTION, {"proration_behavior": "sometimes"}, "proration_behavior", None),
        (SUBSCRIPTION, {"payment_behavior": ""}, "payment_behavior", None),
        (SUBSCRIPTION, {"cancel_at_period_end": "perhaps"}, "cancel_at_period_end", None),
        (SUBSCRIPTION, {"api_key": "sk_test_1"}, "api_key", "parameter_unknown"),
        (SUBSCRIPTION, {"stripe_version": "2020-01-01"}, "stripe_version", "parameter_unknown"),
        (SUBSCRIPTION, {"metadata": {"team": ["7"]}}, "metadata[team]", None),
        ("/v1/prices", {"product": "prod_1"}, "currency", "parameter_missing"),
        ("/v1/prices", {"currency": "usd", "recurring": {}}, "recurring[interval]", "parameter_missing"),
        ("/v1/prices", {"currency": "usd", "recurring": {"interval": "fortnight"}}, "recurring[interval]", None),
        ("/v1/checkout/sessions", {"mode": "subscribe"}, "mode", None),
        ("/v1/checkout/sessions", {"line_items": [{"plan": "p"}]}, "line_items[0][plan]", "parameter_unknown"),
        ("/v1/billing_portal/sessions", {"customer": "c", "mode": "payment"}, "mode", "parameter_unknown"),
        ("/v1/webhook_endpoints", {"url": "x", "enabled_events": ["invoice.payed"]}, "enabled_events[0]", None),
        ("/v1/invoices/create_preview", {"subscription_items": [{}]}, "subscription_items", "parameter_unknown"),
    ],
)
def test_what_stripe_does_not_know_is_refused(path: str, params: dict[str, Any], param: str, code: str | None) -> None:
    with pytest.raises(TwinError) as refusal:
        checked("POST", path, **params)
    assert refusal.value.status == 400
    assert refusal.value.error["type"] == "invalid_request_error"
    assert (refusal.value.error["param"], refusal.value.error.get("code")) == (param, code)
    assert len(str(refusal.value)) < 500


KEYS = st.text("abcdefgh_", min_size=1, max_size=6)
TREES = st.recursive(
    st.text(max_size=8),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, TREES, max_size=4))
def test_a_form_of_the_sdk_is_read_back(tree: dict[str, Any]) -> None:
    assert forms.decode(urlencode(list(_api_encode(tree)))) == tree


@pytest.mark.parametrize(
    "form",
    ["a[=1", "a]b=1", "[a]=1", "a[b=1", "a=1&a[b]=2", "a[b]=2&a=1", "a", f"a{40 * '[b]'}=1", 3000 * "a=1&" + "b=1"],
)
def test_a_form_that_cannot_be_read_is_refused(form: str) -> None:
    with pytest.raises(TwinError) as refusal:
        forms.decode(form)
    assert refusal.value.status == 400


def test_a_far_index_costs_no_memory() -> None:
    assert forms.decode("items[999999999][price]=p") == {"items": [{"price": "p"}]}


def test_every_class_of_the_sdk_can_be_checked() -> None:
    """No annotation is of a form that the check does not know, and none but Stripe's own `Any` takes everything."""
    names = [name for kind, name in OBJECT_CLASSES.items() if kind not in ("list", "search_result")]
    kinds: list[Any] = [answers.load(name) for name in names]
    for kind in kinds:
        for name, annotation in answers.fields(kind).items():
            problems = list(answers.check(object(), annotation, name, kind.__module__))
            assert problems or Any in (annotation, *get_args(annotation)), f"{kind.__name__}.{name} takes anything"


def test_a_right_object_passes() -> None:
    gate.check_object(ENDPOINT)
    gate.check_answer("GET", "/v1/webhook_endpoints/we_1", ENDPOINT)
    deleted = {"id": "we_1", "object": "webhook_endpoint", "deleted": True}
    gate.check_answer("DELETE", "/v1/webhook_endpoints/we_1", deleted)
    page = {"object": "list", "data": [ENDPOINT], "has_more": False, "url": "/v1/webhook_endpoints"}
    gate.check_answer("GET", "/v1/webhook_endpoints", page)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"created": "1"}, "created is '1', not int"),
        ({"created": True}, "created is True, not int"),
        ({"livemode": 0}, "livemode is 0, not bool"),
        ({"colour": "red"}, "colour is unknown to WebhookEndpoint"),
        ({"enabled_events": "*"}, "enabled_events is '*', not a list"),
        ({"enabled_events": [1]}, "enabled_events[0] is 1, not str"),
        ({"metadata": {"team": 7}}, "metadata.team is 7, not str"),
        ({"url": None}, "url is None, not str"),
        ({"object": "webhook"}, "no object of Stripe's"),
        ({"deleted": True}, "of a deleted object"),
    ],
)
def test_a_wrong_object_does_not(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractError) as error:
        gate.check_object({**ENDPOINT, **change})
    assert said in str(error.value)


def test_a_missing_key_and_a_wrong_kind_of_answer_are_seen() -> None:
    with pytest.raises(ContractError, match="url is missing"):
        gate.check_object({key: value for key, value in ENDPOINT.items() if key != "url"})
    with pytest.raises(ContractError, match="is no list"):
        gate.check_answer("GET", "/v1/webhook_endpoints", ENDPOINT)
    with pytest.raises(ContractError, match="object is 'webhook_endpoint'"):
        gate.check_answer("GET", "/v1/prices/price_1", ENDPOINT)


def test_values_that_stripe_does_not_list_are_seen_deep_inside() -> None:
    clock = {
        "id": "clock_1",
        "object": "test_helpers.test_clock",
        "created": 1,
        "deletes_after": 2,
        "frozen_time": 1,
        "livemode": False,
        "status": "advancing",
        "status_details": {"advancing": {"target_frozen_time": 5}},
    }
    gate.check_object(clock)
    with pytest.raises(ContractError, match="status is 'sleeping'"):
        gate.check_object({**clock, "status": "sleeping"})
    with pytest.raises(ContractError, match="status_details.advancing.target_frozen_time is missing"):
        gate.check_object({**clock, "status_details": {"advancing": {}}})


@pytest.mark.parametrize(
    ("path", "expand", "can"),
    [
        ("/v1/subscriptions/sub_1", "customer", True),
        ("/v1/subscriptions/sub_1", "latest_invoice.payments.data.payment.payment_intent", True),
        ("/v1/subscriptions/sub_1", "items.data.price.product", True),
        ("/v1/subscriptions/sub_1", "schedule", True),
        ("/v1/subscriptions/sub_1", "discounts", True),
        ("/v1/subscriptions/sub_1", "status", False),
        ("/v1/subscriptions/sub_1", "items.price", False),
        ("/v1/subscriptions/sub_1", "data.customer", False),
        ("/v1/subscriptions", "data.default_payment_method", True),
        ("/v1/subscriptions", "default_payment_method", False),
        ("/v1/customers/cus_1", "invoice_settings.default_payment_method", True),
        ("/v1/customers/cus_1", "invoice_settings", False),
        ("/v1/customers/cus_1", "subscriptions", True),
        ("/v1/checkout/sessions/cs_1", "subscription.latest_invoice", True),
        ("/v1/checkout/sessions/cs_1", "line_items", True),
        ("/v1/checkout/sessions/cs_1", "url", False),
    ],
)
def test_it_knows_what_can_be_expanded(path: str, expand: str, can: bool) -> None:
    assert gate.can_expand("GET", path, expand.split(".")) is can
