"""What can drift from the code: commands, routes, limits, plans, links. Each stands where a reader looks for it."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from accounts.roles import Scope
from billing.caps import CapReached
from billing.plans import PLANS, Plan
from tests.routes import own_routes

ROOT: Path = settings.BASE_DIR
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", *DOCS]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def api_routes() -> set[str]:
    return {
        f"{method} /" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.path)
        for route in own_routes()
        if route.is_api
        for method in route.methods()
    }


def test_every_command_is_explained() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    ours = {name for name, app in get_commands().items() if app in {"accounts", "billing", "config", "repos", "usage"}}
    assert ours
    assert [name for name in sorted(ours) if f"manage.py {name}" not in text] == []


def test_every_make_target_is_in_the_readme() -> None:
    targets = re.findall(r"^([a-z][a-z-]*):.*## ", read("Makefile"), re.MULTILINE)
    assert "run" in targets
    assert [target for target in targets if f"make {target}" not in read("README.md")] == []


def test_the_api_page_of_the_docs_names_every_route_and_no_other() -> None:
    named = set(re.findall(r"^\| `([A-Z]+ /api/v1/[^`]*)`", read("docs/api.md"), re.MULTILINE))
    assert named == api_routes()


def test_the_routes_in_the_docs_have_their_scopes() -> None:
    scopes = dict(re.findall(r"^\| `([A-Z]+ /api/v1/[^`]*)` \| `([^`]+)` \|", read("docs/api.md"), re.MULTILINE))
    for route in own_routes():
        if route.is_api:
            path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.path)
            for method in route.methods():
                assert scopes[f"{method} {path}"] == Scope(route.scope(method)).value


def test_the_docs_say_the_limits_that_the_code_has() -> None:
    text = read("docs/api.md")
    for limit in (settings.PARE_RATE_PER_MINUTE, settings.PARE_HOT_RATE_PER_MINUTE):
        assert f"{limit:,}" in text
    assert f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20} MiB" in text


def test_every_group_of_pages_is_explained() -> None:
    """The part of a page's address after the team: repositories, spend, keys, ..."""
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES).lower()
    prefix = "t/<slug:team>/"
    groups = {re.split(r"[/.]", route.path.removeprefix(prefix))[0] for route in own_routes() if prefix in route.path}
    assert [group for group in sorted(groups - {""}) if group not in text] == []


def cells(plan: Plan) -> list[str]:
    def cap(value: int | None) -> str:
        return "no cap" if value is None else f"{value:,}"

    flags = [plan.service_keys, plan.audit_log]
    return [
        plan.name,
        plan.price,
        cap(plan.repositories),
        "as many as seats paid" if plan.per_member else cap(plan.members),
        cap(plan.symbols_per_repository),
        cap(plan.slices_per_month),
        plan.history,
        *("yes" if flag else "no" for flag in flags),
    ]


def test_the_table_of_plans_is_the_one_that_is_enforced() -> None:
    lines = [line for line in read("docs/plans.md").splitlines() if line.startswith("|")][:10]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "---" not in line]
    columns = list(zip(*table, strict=True))[1:]
    assert [list(column) for column in columns] == [cells(plan) for plan in PLANS]


def test_every_cap_is_explained() -> None:
    text = read("docs/plans.md")
    assert [kind.code for kind in CapReached.__subclasses__() if f"`{kind.code}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]*)(?:#[^)]*)?\)", text):
        if target and not re.match(r"https?:|mailto:", target):
            assert (page.parent / target).exists(), target
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]*)\)", text):
        aim = (page.parent / target) if target else page
        headings = re.findall(r"^#+ (.*)$", aim.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}, anchor
