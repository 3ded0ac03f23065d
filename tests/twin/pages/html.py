"""HTML out of function calls: `el("p", "a < b", class_="note")`. Text is escaped unless it already is `Html`."""

import html
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

VOID = {"input", "link", "meta"}
NO_DECIMALS = {"jpy", "krw"}


class Html(str):
    """Text that is HTML already."""


Child: TypeAlias = "str | int | None | Iterable[Child]"


def el(tag: str, *children: Child, **attributes: str | int | bool | None) -> Html:
    """One element. `class_`, `for_` and `aria_label` become class, for and aria-label; None and False leave one out."""
    shown = "".join(_attribute(name, value) for name, value in attributes.items() if value not in (None, False))
    return Html(f"<{tag}{shown}>" if tag in VOID else f"<{tag}{shown}>{join(children)}</{tag}>")


def join(children: Iterable[Child]) -> Html:
    """The children in a row, escaped where they are plain text."""
    return Html("".join(_text(child) for child in children))


def _attribute(name: str, value: str | int | bool | None) -> str:
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'


def _text(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str | int):
        return html.escape(str(child))
    return join(child)


def document(title: str, *main: Child) -> str:
    """A whole page: the banner that says what this is, then the title as a heading, then `main`."""
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", f"{title} - Stripe twin (test)"),
        el("link", rel="stylesheet", href="/style.css"),
    )
    banner = el("header", el("p", el("strong", "Stripe twin (test)"), " No real card, no real money."))
    body = el("body", banner, el("main", el("h1", title), *main))
    return f"<!doctype html>{el('html', head, body, lang='en')}"


def field(label: str, name: str, value: str = "", *, hint: str = "", **more: str | int | bool | None) -> Html:
    """A labelled text field; `hint` is read out with it."""
    identity = f"field-{name}"
    described = f"{identity}-hint" if hint else None
    return el(
        "p",
        el("label", label, for_=identity),
        el("input", id=identity, name=name, value=value, aria_describedby=described, **{"type": "text", **more}),
        el("small", hint, id=described) if hint else None,
        class_="field",
    )


def choice(label: str, name: str, options: Sequence[tuple[str, str]]) -> Html:
    """A labelled drop-down of (value, text) pairs."""
    identity = f"field-{name}"
    entries = [el("option", text, value=value) for value, text in options]
    return el("p", el("label", label, for_=identity), el("select", entries, id=identity, name=name), class_="field")


def button(
    text: str, name: str | None = None, value: str | None = None, *, quiet: bool = False, label: str | None = None
) -> Html:
    """A button that sends its form; `label` is what is read out where `text` alone would not do."""
    look = "quiet" if quiet else None
    return el("button", text, type="submit", name=name, value=value, class_=look, aria_label=label)


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[Child]], *, empty: str) -> Html:
    """A table that can be scrolled sideways by keyboard, or the sentence `empty` when there are no rows."""
    if not rows:
        return el("p", empty, class_="note")
    head = el("tr", [el("th", column, scope="col") for column in columns])
    body = [el("tr", [el("td", cell) for cell in row]) for row in rows]
    inner = el("table", el("caption", caption), el("thead", head), el("tbody", body))
    return el("div", inner, class_="scroll", tabindex="0", role="region", aria_label=caption)


def facts(pairs: Sequence[tuple[str, Child]]) -> Html:
    """Terms and what they are, as a definition list."""
    return el("dl", [el("div", el("dt", term), el("dd", value)) for term, value in pairs])


def alert(text: str) -> Html:
    return el("p", text, role="alert", class_="alert")


def money(amount: int, currency: str | None) -> str:
    """1234 and "usd" as "12.34 USD"; a credit has a minus in front."""
    code = (currency or "usd").lower()
    figure = f"{abs(amount):,}" if code in NO_DECIMALS else f"{abs(amount) // 100:,}.{abs(amount) % 100:02d}"
    return f"{'-' if amount < 0 else ''}{figure} {code.upper()}"


def day(epoch: int | None) -> str:
    """A date in UTC, such as "3 March 2026"."""
    if epoch is None:
        return "-"
    when = datetime.fromtimestamp(epoch, UTC)
    return f"{when.day} {when:%B %Y}"


def moment(epoch: int) -> str:
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%d %H:%M:%S} UTC"
