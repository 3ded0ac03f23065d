"""No view, API or webhook module finds a team's row but through `for_team`. Exemptions stand here with reasons."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from accounts.models import Team, TeamRowQuerySet

APPS = ("accounts", "billing", "repos", "usage")
# Modules that answer requests, by the first part of their name within the app.
DOORS = ("views", "api", "webhooks", "receivers", "rest", "access", "schema")
MANAGERS = {"objects", "_default_manager", "_base_manager"}
LOOKUPS = {"get_object_or_404", "get_list_or_404"}

# (module, what it calls) -> why this one may.
EXEMPT = {
    ("accounts.access", "Membership.objects.select_related"): "finds the team itself: by its slug and this person",
    ("accounts.rest.principals", "Membership.objects.select_related"): "finds the team itself: by this person",
    ("accounts.rest.views", "Team.objects.get"): "the team that the key or session proved",
    ("accounts.views.invitations", "Invitation.objects.open"): "the id was put in the session by whoever had the token",
    ("repos.webhooks", "Repository.objects.for_webhook"): "the signature proves the repository's secret",
    ("repos.webhooks", "Repository.objects.filter"): "the row whose signature was just proved",
}


def team_owned() -> set[str]:
    """The names of the models whose rows belong to one team."""
    scoped = {model.__name__ for model in apps.get_models() if hasattr(model._default_manager, "for_team")}
    owned = {model.__name__ for model in apps.get_models() if _belongs_to_a_team(model)}
    return scoped | owned | {Team.__name__}


def _belongs_to_a_team(model: type) -> bool:
    return any(field.name == "team" for field in model._meta.get_fields() if field.concrete)  # type: ignore[attr-defined]


def door_modules() -> list[Path]:
    files = [path for app in APPS for path in (settings.BASE_DIR / app).rglob("*.py")]
    return [path for path in files if path.relative_to(settings.BASE_DIR).parts[1].removesuffix(".py") in DOORS]


def lookups(tree: ast.AST, models: set[str]) -> Iterator[tuple[str, int]]:
    """Each call that starts at a manager of one of the models, such as `Repository.objects.get`, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=called, value=ast.Attribute(attr=manager, value=ast.Name(id=model))) if (
                model in models and manager in MANAGERS
            ):
                yield f"{model}.{manager}.{called}", node.lineno
            case ast.Call(func=ast.Name(id=shortcut), args=[ast.Name(id=model), *_]) if (
                model in models and shortcut in LOOKUPS
            ):
                yield f"{shortcut}({model})", node.lineno
            case ast.Attribute(attr="cursor" | "raw"):
                yield f"….{node.attr}", node.lineno


def unscoped(path: Path, models: set[str]) -> list[str]:
    module = ".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts).removesuffix(".__init__")
    found = lookups(ast.parse(path.read_text(encoding="utf-8")), models)
    return [
        f"{module}:{line} {call}"
        for call, line in found
        if not call.endswith(".for_team") and (module, call) not in EXEMPT
    ]


def test_every_row_is_found_through_its_team() -> None:
    models = team_owned()
    assert [call for path in door_modules() for call in unscoped(path, models)] == []


def test_every_team_owned_model_has_for_team() -> None:
    for model in apps.get_models():
        if _belongs_to_a_team(model):
            assert isinstance(model._default_manager.all(), TeamRowQuerySet), model


def test_every_exemption_is_still_needed() -> None:
    models = team_owned()
    used = set()
    for path in door_modules():
        module = ".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts)
        used |= {(module, call) for call, _ in lookups(ast.parse(path.read_text(encoding="utf-8")), models)}
    assert set(EXEMPT) - used == set()


@pytest.mark.parametrize(
    "line",
    [
        "Repository.objects.get(pk=1)",
        "Repository.objects.all().for_team(team)",
        "Repository._base_manager.filter(pk=1)",
        "get_object_or_404(Repository, pk=1)",
        "connection.cursor()",
        "Repository.objects.raw('select 1')",
    ],
)
def test_the_guard_sees(line: str) -> None:
    assert list(lookups(ast.parse(line), {"Repository"}))


def test_the_guard_lets_the_right_way_pass() -> None:
    found = lookups(ast.parse("get_object_or_404(Repository.objects.for_team(team), pk=1)"), {"Repository"})
    assert [call for call, _ in found] == ["Repository.objects.for_team"]
