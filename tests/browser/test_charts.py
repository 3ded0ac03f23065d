"""The spend board draws its charts in a real browser: coloured bars, a legend in words, both themes, no error."""

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.browser.test_every_page import cookie_of, open_context
from tests.conftest import Cast
from tests.usage.builders import make_record, send, yesterday

# The drawn pixels of the first chart: how many have any colour, and the set of colours that cover the most.
PIXELS = """() => {
  const canvas = document.querySelector("canvas[data-chart]");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Map();
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] < 255) continue;
    const colour = `rgb(${data[at]}, ${data[at + 1]}, ${data[at + 2]})`;
    seen.set(colour, (seen.get(colour) ?? 0) + 1);
  }
  return [...seen].sort((a, b) => b[1] - a[1]).slice(0, 6).map(([colour]) => colour);
}"""
SERIES = """name => {
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  return getComputedStyle(probe).color;
}"""


@pytest.fixture
def olga(cast: Cast) -> Client:
    for model in ("claude-opus-4-5", "claude-sonnet-4-5"):
        send(cast.acme, make_record(model=model, occurred_at=yesterday()))
    return cast.client(cast.olga)


def colours(page: Page) -> set[str]:
    return set(page.evaluate(PIXELS))


def test_charts_are_drawn_in_the_colours_of_the_theme(browser: Browser, live_server: LiveServer, olga: Client) -> None:
    context = open_context(browser, live_server, 1440, "light", cookie_of(olga))
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto("/t/acme/spend/?days=7")
    legend = page.locator(".chart").first.locator(".legend li")
    legend.first.wait_for()
    assert {"claude-opus-4-5", "claude-sonnet-4-5"} <= {text.strip() for text in legend.all_inner_texts()}
    light = {page.evaluate(SERIES, "series-1"), page.evaluate(SERIES, "series-2")}
    assert light <= colours(page)
    page.locator("summary", has_text="Your account").click()
    page.get_by_role("button", name="Dark").click()
    dark = {page.evaluate(SERIES, "series-1"), page.evaluate(SERIES, "series-2")}
    assert dark <= colours(page) and dark != light
    assert errors == []
    context.close()


def test_a_table_under_the_chart_has_the_same_numbers(browser: Browser, live_server: LiveServer, olga: Client) -> None:
    context = open_context(browser, live_server, 360, "dark", cookie_of(olga))
    page = context.new_page()
    page.goto("/t/acme/spend/?days=7")
    page.get_by_text("Numbers", exact=True).first.click()
    table = page.get_by_role("region", name="Numbers by time and model")
    assert table.is_visible()
    assert "claude-opus-4-5" in table.inner_text()
    context.close()


def test_no_two_steps_of_an_axis_read_the_same(browser: Browser, live_server: LiveServer, cast: Cast) -> None:
    send(cast.acme, make_record(model="claude-sonnet-4-5", occurred_at=yesterday()))  # far below a cent
    context = open_context(browser, live_server, 1440, "light", cookie_of(cast.client(cast.olga)))
    page = context.new_page()
    page.goto("/t/acme/spend/?days=7")
    page.locator(".chart .legend li").first.wait_for()
    axes = page.evaluate(
        """() => [...document.querySelectorAll("canvas[data-chart]")].map((canvas) => {
          const scales = Chart.getChart(canvas).scales;
          return Object.values(scales).find((scale) => scale.type === "linear").ticks.map((tick) => tick.label);
        })"""
    )
    assert axes and all(len(set(labels)) == len(labels) > 1 for labels in axes), axes
    context.close()
