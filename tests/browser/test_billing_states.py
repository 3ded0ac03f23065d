"""The billing pages in each state, at both widths: accessible, no wider than the window, no errors.

With PARE_PICTURES=<folder> each look is kept there as a picture, in both themes.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.billing.rows import make_prices
from tests.browser.billing_states import STATES
from tests.browser.test_every_page import cookie_of, faults, open_context
from tests.conftest import Cast

LOOKS = ((1440, "light"), (360, "dark"))
PICTURED = ((1440, "light"), (1440, "dark"), (360, "light"), (360, "dark"))


@pytest.mark.parametrize("name", STATES)
def test_each_state(browser: Browser, live_server: LiveServer, cast: Cast, settings: Any, name: str) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_never_answered"
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"  # nobody is there: pages stand on rows
    make_prices("month")
    state, client = STATES[name], Client()
    state.make(cast.acme, cast.olga)
    client.force_login(cast.olga, backend="allauth.account.auth_backends.AuthenticationBackend")
    folder = os.environ.get("PARE_PICTURES")
    found = []
    for width, theme in PICTURED if folder else LOOKS:
        context = open_context(browser, live_server, width, theme, cookie_of(client))
        found += [f"{width} {fault}" for fault in faults(context, theme, [(theme, f"/t/acme/{state.path}")])]
        if folder:
            context.pages[0].screenshot(path=Path(folder) / f"billing-{name}-{width}-{theme}.png", full_page=True)
        context.close()
    assert found == [], "\n".join(found)
