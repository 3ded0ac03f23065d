"""`manage.py demo`: a team to look at, made through the running product's own API."""

import json
import secrets
import time
import urllib.error
import urllib.request
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, Team, User
from accounts.roles import ROLE_RIGHTS, Right, Role, scopes_of
from accounts.services import create_key, create_team
from billing.services import change_plan
from usage.demo import Habit, month_of_events

TEAM_SLUG = "acme-demo"
OWNER = "olga@acme.example"
BATCH = 1000  # events a call, the API's cap
INDEX_WAIT_SECONDS = 600
TASKS = (
    "An API key that was revoked must stop working within thirty seconds",
    "Add a group_by option to the spend report",
    "A slice must never exceed its token budget",
)
PEOPLE = (
    ("olga", "Olga", Role.OWNER),
    ("adam", "Adam", Role.ADMIN),
    ("mei", "Mei", Role.MEMBER),
    ("vic", "Vic", Role.BILLING),
)


def habits(repository: str) -> list[Habit]:
    other = "acme/webshop"
    claude = ("claude-code", "claude-opus-4-5", "subscription")
    sonnet = ("claude-code", "claude-sonnet-4-5", "api")
    codex = ("codex", "gpt-5.3-codex", "subscription")
    gemini = ("gemini-cli", "gemini-2.5-pro", "api")
    return [
        Habit("olga@acme.example", (sonnet, sonnet, gemini), 3, (repository, repository, other)),
        Habit("mei@acme.example", (claude, claude, sonnet), 8, (repository, other)),
        Habit("adam@acme.example", (codex, codex, claude), 5, (other, other, repository)),
    ]


class Api:
    """The few calls this command makes, with an error that a person can act on."""

    def __init__(self, root: str):
        self.root = root

    def call(self, method: str, path: str, key: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self.root + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise CommandError(
                f"{method} {path} answered {error.code}: {error.read().decode(errors='replace')}"
            ) from None
        except OSError as error:
            raise CommandError(
                f"{self.root} does not answer ({error}). Start Pare with `make run`, then try again."
            ) from None


class Command(BaseCommand):
    help = "Make a team with this project's own repository and a month of usage, through the running API."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default=settings.SITE_ROOT, help="where Pare runs (default: SITE_ROOT)")
        parser.add_argument("--repository", default=str(settings.BASE_DIR), help="the repository to link")

    def handle(self, *args: Any, **options: Any) -> None:
        api = Api(options["url"].rstrip("/"))
        password = secrets.token_urlsafe(9)
        if Team.objects.filter(slug=TEAM_SLUG).exists():
            self.stdout.write("The demonstration team is there already; here is a new password.")
            _person(OWNER, "Olga", password)
        else:
            self.fill(api, make_people(password), options["repository"])
        self.stdout.write(f"\nLog in at {api.root}/account/login/\n  e-mail    {OWNER}\n  password  {password}\n")

    def fill(self, api: Api, keys: dict[str, str], url: str) -> None:
        """Links and indexes the repository, asks for a few slices, sends a month of usage."""
        repository = api.call("POST", "/api/v1/repositories", keys[OWNER], {"url": url})
        self.stdout.write(f"Linked {repository['name']}; indexing.")
        self.wait_for_index(api, keys[OWNER], repository["id"])
        for task in TASKS:
            api.call("POST", f"/api/v1/repositories/{repository['id']}/slices", keys[OWNER], {"task": task})
        month = month_of_events(habits(repository["name"]), until=timezone.now())
        sent = sum(self.send(api, keys[email], events) for email, events in month.items())
        self.stdout.write(f"Sent {sent} usage events of a month.")

    def wait_for_index(self, api: Api, key: str, public_id: str) -> None:
        """Follows the newest index run to its end. Raises CommandError when it fails or takes too long."""
        ends_at, phase = time.monotonic() + INDEX_WAIT_SECONDS, ""
        while time.monotonic() < ends_at:
            run = api.call("GET", f"/api/v1/repositories/{public_id}/runs", key)["results"][0]
            if run["phase"] != phase:
                phase = run["phase"]
                self.stdout.write(f"  {run['state']} {phase}")
            if run["state"] == "succeeded":
                return
            if run["state"] not in {"queued", "running"}:
                raise CommandError(f"Indexing ended as {run['state']}: {run['error']}")
            time.sleep(0.5)
        raise CommandError("Indexing took too long. Is the worker running?")

    def send(self, api: Api, key: str, events: list[dict[str, Any]]) -> int:
        for start in range(0, len(events), BATCH):
            answer = api.call("POST", "/api/v1/usage/events", key, {"events": events[start : start + BATCH]})
            if answer["errors"]:
                raise CommandError(f"An event was refused: {answer['errors'][0]}")
        return len(events)


@transaction.atomic
def make_people(password: str) -> dict[str, str]:
    """The people, their team, and a personal key for each who may have one: email -> the key's text."""
    users = {handle: _person(f"{handle}@acme.example", name, password) for handle, name, _ in PEOPLE}
    team = create_team(name="Acme", slug=TEAM_SLUG, owner=users["olga"])
    change_plan(team=team, plan="team", seats=5, actor=None)
    team.refresh_from_db()
    keys: dict[str, str] = {}
    for handle, _, role in PEOPLE:
        user = users[handle]
        Membership.objects.get_or_create(team=team, user=user, defaults={"role": role})
        if Right.MANAGE_OWN_KEYS in ROLE_RIGHTS[role]:
            _, keys[user.email] = create_key(team=team, name="demo", scopes=scopes_of(role), service=False, actor=user)
    return keys


def _person(email: str, name: str, password: str) -> User:
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, name=name)
    user.set_password(password)
    user.save()
    EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user
