"""What can be known of the image and the compose file without a Docker engine."""

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from celery.bin.celery import celery as celery_cli
from click import Command, Context
from django.core.management import get_commands
from granian.cli import cli as granian_cli

from tests.live import ROOT
from tests.ops.test_settings_documented import variables_read

OURS = ("setup", "web", "worker", "beat")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def image() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, rest) with continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def last(image: list[tuple[str, str]], instruction: str) -> str:
    return next(rest for word, rest in reversed(image) if word == instruction)


def parse(command: Command, arguments: list[str], parent: Context | None = None) -> dict[str, Any]:
    """Click's own reading of the arguments: an unknown option raises."""
    with command.make_context(command.name, list(arguments), parent=parent) as context:
        return dict(context.params)


def web_options(image: list[tuple[str, str]]) -> dict[str, Any]:
    program, *arguments = json.loads(last(image, "CMD"))
    assert program == "granian"
    arguments[arguments.index("--static-path-mount") + 1] = str(ROOT)  # granian asks whether it exists: not here
    return parse(granian_cli, arguments)


def test_the_services_are_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {*OURS, "postgres", "redis"}
    assert set(compose["volumes"]) == {"data", "postgres", "redis"}


def test_the_web_command_is_one_granian_knows(image: list[tuple[str, str]], compose: dict[str, Any]) -> None:
    options = web_options(image)
    module, _, name = options["app"].partition(":")
    assert callable(getattr(importlib.import_module(module), name))
    assert str(options["interface"]) in {"wsgi", "Interfaces.WSGI"}
    assert "command" not in compose["services"]["web"]


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_the_celery_commands_are_ones_celery_knows(compose: dict[str, Any], name: str) -> None:
    program, *arguments = compose["services"][name]["command"]
    at = arguments.index(name)
    assert program == "celery" and arguments[:at] == ["--quiet", "-A", "config"]
    assert parse(celery_cli.commands[name], arguments[at + 1 :], parent=celery_context())


def celery_context() -> Context:
    context = Context(celery_cli)
    from celery.bin.base import CLIContext

    from config.celery import app

    context.obj = CLIContext(app=app, no_color=True, workdir=None)
    return context


def test_setup_runs_a_command_of_ours(compose: dict[str, Any]) -> None:
    python, manage, command = compose["services"]["setup"]["command"]
    assert (python, manage) == ("python", "manage.py")
    assert get_commands()[command] == "config"


def test_every_variable_is_one_the_code_reads(compose: dict[str, Any], image: list[tuple[str, str]]) -> None:
    known = variables_read()
    for name in OURS:
        assert set(compose["services"][name]["environment"]) <= known
    words = re.findall(r"([A-Z_]+)=", " ".join(rest for word, rest in image if word == "ENV"))
    assert {word for word in words if not word.startswith(("PYTHON", "PATH"))} <= known
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    assert asked == {"POSTGRES_PASSWORD", "PARE_PORT"}


def test_ports_agree(compose: dict[str, Any], image: list[tuple[str, str]]) -> None:
    port = str(web_options(image)["port"])
    assert last(image, "EXPOSE") == port
    assert [entry.split(":")[-1] for entry in compose["services"]["web"]["ports"]] == [port]
    assert f"127.0.0.1:{port}/readyz" in last(image, "HEALTHCHECK")


def test_the_image_listens_for_others(image: list[tuple[str, str]]) -> None:
    assert web_options(image)["host"] == "0.0.0.0"


def test_static_files_are_served_from_where_they_are_collected(image: list[tuple[str, str]]) -> None:
    data = re.search(r"PARE_DATA=(\S+)", last(image, "ENV"))
    arguments = json.loads(last(image, "CMD"))
    assert data is not None
    assert arguments[arguments.index("--static-path-mount") + 1] == f"{data[1]}/static"


def test_the_image_is_small_and_not_root(image: list[tuple[str, str]]) -> None:
    assert [word for word, _ in image].count("FROM") == 2
    assert last(image, "USER") == "pare"
    assert "--require-hashes" in " ".join(rest for word, rest in image if word == "RUN")


def test_every_copied_path_exists_and_is_sent_to_docker(image: list[tuple[str, str]]) -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {rest.split()[0] for word, rest in image if word == "COPY" and not rest.startswith("--from")}
    assert {path.removeprefix("./") for path in copied} == sent
    assert all((ROOT / path).exists() for path in copied)


def test_each_service_is_watched_and_the_data_is_kept(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert name in {"setup", "web"} or service["healthcheck"]["test"], name
        assert service["volumes"], name
    for name in ("web", "worker", "beat"):
        assert compose["services"][name]["depends_on"]["setup"]["condition"] == "service_completed_successfully"


def test_workers_can_be_many(compose: dict[str, Any]) -> None:
    worker = compose["services"]["worker"]
    assert not {"container_name", "ports", "hostname"} & set(worker)


def test_dockerfile_is_found_where_compose_looks() -> None:
    assert Path(ROOT / "Dockerfile").is_file() and (ROOT / ".env.example").is_file()
