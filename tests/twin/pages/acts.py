"""What the hosted pages share: forms that only they can send, and doing things through the twin's own API."""

import secrets
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from tests.twin import clockwork, gate
from tests.twin.errors import TwinError
from tests.twin.pages.html import Child, Html, alert, document, el
from tests.twin.routing import ROUTES, Call, Page, PageHandler, Visit, page
from tests.twin.world import Row, World

TOKEN = secrets.token_urlsafe(24)  # another site's form cannot know it
SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
STYLE = Path(__file__).with_name("style.css")


class BadForm(Exception):
    """What a person has to put right, in one sentence."""


def hosted(method: str, template: str) -> Callable[[PageHandler], PageHandler]:
    """A page of the twin: what was due happens first; a POST must come from a page of ours; a refusal is a page too."""

    def register(handler: PageHandler) -> PageHandler:
        @wraps(handler)
        def guarded(world: World, visit: Visit) -> Page:
            clockwork.run_until(world, world.now())
            if method == "POST" and not secrets.compare_digest(visit.form.get("token", "").encode(), TOKEN.encode()):
                return sorry("This form is too old", "Go back, load the page again, and send the form once more.", 403)
            try:
                return handler(world, visit)
            except TwinError as error:
                return sorry("This did not work", str(error), error.status)

        return page(method, template)(guarded)

    return register


@page("GET", "/style.css")
def style(world: World, visit: Visit) -> Page:
    return Page(STYLE.read_text(encoding="utf-8"), headers={"Content-Type": "text/css; charset=utf-8"})


def show(title: str, *main: Child, status: int = 200) -> Page:
    return Page(document(title, *main), status, headers=SAFE)


def sorry(title: str, sentence: str, status: int) -> Page:
    return show(title, alert(sentence), status=status)


def go(address: str) -> Page:
    """Send the browser on, by GET."""
    return Page(location=address, headers=SAFE)


def form(action: str, *children: Child, **attributes: str | None) -> Html:
    token = el("input", type="hidden", name="token", value=TOKEN)
    return el("form", token, *children, method="post", action=action, **attributes)


def act(world: World, base_url: str, method: str, path: str, **params: Any) -> Row:
    """Do what the API does at this path, through the same gate. Raises TwinError; gives the row itself."""
    template = gate.match(method, path)
    found = ROUTES.match(method, path)
    if template is None or found is None:
        raise TwinError(501, "api_error", f"The twin does not do {method} {path} yet.")
    call = Call(method, found[1], gate.check(method, template, params), None, base_url, path)
    handler = ROUTES.entries[method, found[0]]
    answer: Row = handler(world, call)
    world.dirty.set()
    return answer
