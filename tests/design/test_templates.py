"""What drifts in templates: classes without a style, icons that do not exist, what the content policy would block."""

import re
from pathlib import Path

import heroicons
import pytest

ROOT = Path(__file__).resolve().parents[2]
STYLES = sorted((ROOT / "config/static/css").glob("*.css"))
TEMPLATES = sorted(
    path
    for app in ("config", "accounts", "billing", "repos", "usage")
    for path in (ROOT / app).glob("templates/**/*.html")
)
LAYERS = ("reset", "tokens", "base", "components", "pages")


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


def without_comments(text: str) -> str:
    return re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}|<!--.*?-->", "", text, flags=re.DOTALL)


def classes_of(text: str) -> set[str]:
    """The class names a template writes out; those it computes from a variable are left out."""
    found: set[str] = set()
    for value in re.findall(r'\bclass="((?:{%.*?%}|{{.*?}}|[^"])*)"', without_comments(text)):
        spaced = re.sub(r"[\w-]*{{.*?}}[\w-]*", " ", value)
        found.update(re.sub(r"{%.*?%}", " ", spaced).split())
    return found


def styled_classes() -> set[str]:
    return {name for style in STYLES for name in re.findall(r"\.([a-z][\w-]*)", style.read_text())}


def test_there_is_one_style_sheet_for_each_layer() -> None:
    assert {style.stem for style in STYLES} == set(LAYERS)
    for style in STYLES:
        assert f"@layer {style.stem} {{" in style.read_text()


@pytest.mark.parametrize("path", TEMPLATES, ids=names)
def test_every_class_has_a_style(path: Path) -> None:
    assert classes_of(path.read_text()) - styled_classes() == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=names)
def test_every_icon_exists(path: Path) -> None:
    for style, icon in re.findall(r'heroicon_(\w+) "([^"]+)"', path.read_text()):
        heroicons._load_icon(style, icon)


@pytest.mark.parametrize("path", TEMPLATES, ids=names)
def test_nothing_the_content_policy_blocks(path: Path) -> None:
    text = without_comments(path.read_text())
    assert not re.search(r"\sstyle=", text), "a style attribute"
    assert not re.search(r"<style\b", text), "a style element"
    assert not re.search(r"\son[a-z]+=|\shx-on[:=-]|hx-vars|href=\"javascript:", text), "a script in an attribute"
    assert not re.search(r"hx-trigger=\"[^\"]*\[", text), "an htmx trigger with a condition needs eval"
    for attributes in re.findall(r"<script\b((?:{%.*?%}|{{.*?}}|[^>])*)>", text):
        assert "src=" in attributes or 'type="application/json"' in attributes, "an inline script"
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//[^\"]*\.(?:js|css)", text), "a file from another host"


def test_the_reader_of_classes_sees_through_template_tags() -> None:
    text = '<a class="button{% if x == "y" %} button-primary{% endif %} badge-{{ kind }}">{# class="old" #}'
    assert classes_of(text) == {"button", "button-primary"}


def test_no_style_is_left_over() -> None:
    """A class in the style sheets is used by a template or a script, or computed by a template from a part of it."""
    scripts = "".join(path.read_text() for path in (ROOT / "config/static/js").glob("*.js"))
    texts = scripts + "".join(path.read_text() for path in TEMPLATES)
    computed = ("alert-", "badge-", "swatch-", "searchbox-")
    used = {name for name in styled_classes() if re.search(rf"(?<![\w-]){name}(?![\w-])", texts)}
    given_by_django_and_htmx = {"errorlist", "htmx-request"}
    left = {name for name in styled_classes() - used - given_by_django_and_htmx if not name.startswith(computed)}
    assert left == set()
