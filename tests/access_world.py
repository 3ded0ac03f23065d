"""The things that the access matrix asks for, and what it sends."""

import hashlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

from accounts.models import Invitation, Membership, Team, User
from accounts.roles import Role, Scope
from repos import indexing, progress
from repos import services as repos
from tests.conftest import Cast
from tests.engine.git_server import make_repository
from tests.factories import make_api_key, make_membership, make_user
from tests.usage.builders import body_of, make_event

# The kind of thing that the id in a route's path names.
KINDS = {
    "member_role": "membership",
    "member_remove": "membership",
    "invitation_resend": "invitation",
    "invitation_revoke": "invitation",
    "api_key_revoke": "api_key",
    "repository": "repository",
    "repository_progress": "repository",
    "repository_proof": "repository",
    "repository_reindex": "repository",
    "repository_token": "private repository",
    "repository_unlink": "repository",
    "repository_pin": "repository",
    "repository_graph": "repository",
    "repository_symbols": "repository",
    "repository_symbol": "repository",
    "repository_try": "repository",
    "git_webhook": "repository",
    "api_repository": "repository",
    "api_repository_reindex": "repository",
    "api_repository_runs": "repository",
    "api_repository_symbols": "repository",
    "api_repository_symbol": "repository",
    "api_repository_graph": "repository",
    "api_repository_slices": "repository",
    "api_repository_snapshots": "repository",
    "api_repository_pins": "repository",
    "api_repository_proof": "repository",
}
# What a POST carries so that the act itself can succeed.
FORMS: dict[str, dict[str, Any]] = {
    "profile": {"name": "Somebody"},
    "team_create": {"name": "Another team"},
    "member_invite": {"email": "new@acme.example", "role": "member"},
    "member_role": {"role": "billing"},
    "api_key_create": {"name": "laptop", "kind": "personal", "scopes": ["usage:write"]},
    "team_rename": {"name": "Acme and sons"},
    "team_close": {"confirmation": "Acme"},
    "billing_change": {"plan": "pro", "interval": "month"},
    "repository_link": {"url": "https://git.example/other/thing", "auth": "none"},
    "repository_pin": {"pinned": "true"},
    "repository_token": {"token": "a-new-token"},
    "repository_unlink": {"name": "acme-shop"},
    "repository_try": {"task": "Total of the cart", "budget": 2000},
}
BODIES = {
    "api_usage_events": body_of([make_event()]),
    "api_repositories": b'{"url": "https://git.example/other/thing"}',
    "api_repository_pins": b'{"pinned": true}',
    "api_repository_slices": b'{"task": "Total of the cart", "budget": 500}',
}
QUERIES = {
    "api_repository_symbols": "?q=total",
    "repository_symbols": "?q=total",
    "repository_symbol": "?path=cart.py&name=total",
    "api_repository_symbol": "?path=cart.py&qualified=total",
}
# What the examples of the API page ask for is in it.
CODE = {
    "cart.py": "def total(prices):\n    return sum(prices)\n",
    "shop/refunds.py": "class RefundService:\n    def create(self, order, amount):\n        return order, amount\n",
}
TOKEN = secrets.token_urlsafe()


@dataclass
class World:
    """Acme with its people, the rival team with Mallory and wei, and a folder for git repositories."""

    cast: Cast
    folder: Path
    made: dict[tuple[str, int], UUID] = field(default_factory=dict)

    def person(self, column: str) -> User | None:
        cast = self.cast
        people = {
            "owner": cast.olga,
            "admin": cast.adam,
            "member": cast.mei,
            "billing": cast.vic,
            "rival": cast.mallory,
        }
        return people.get(column)

    def key(self, column: str, scope: Scope) -> str:
        """The text of the key that stands in a column of the table of the API."""
        if column == "personal":
            return make_api_key(self.cast.acme, member=self.cast.mei)[1]
        scopes = [scope] if column == "scope" else [other for other in Scope if other != scope]
        return make_api_key(self.cast.acme, scopes=scopes)[1]

    def thing(self, kind: str | None, team: Team) -> UUID | None:
        """The id of the team's one thing of a kind, made when first asked for; None for no kind."""
        if kind is None:
            return None
        if (kind, team.pk) not in self.made:
            self.made[kind, team.pk] = self._make(kind, team)
        return self.made[kind, team.pk]

    def _make(self, kind: str, team: Team) -> UUID:
        owner = self.cast.olga if team == self.cast.acme else self.cast.mallory
        match kind:
            case "membership":
                return self._member(team).public_id
            case "api_key":
                return make_api_key(team, member=self._member(team).user)[0].public_id
            case "invitation":
                return make_invitation(team, owner).public_id
            case "repository":
                return self._repository(team, owner)
            case "private repository":
                url = f"https://git.example/{team.slug}/private"
                return repos.link_repository(team=team, url=url, token="a-token", auth="token", actor=owner).public_id
        raise ValueError(kind)

    def _member(self, team: Team) -> Membership:
        if team == self.cast.acme:
            return Membership.objects.get(team=team, user=self.cast.mei)
        return make_membership(team, make_user("wei@rival.example"), Role.MEMBER)

    def _repository(self, team: Team, owner: User) -> UUID:
        """Linked and indexed for real."""
        folder = self.folder / f"{team.slug}-shop"
        make_repository(folder, CODE)
        repository = repos.link_repository(team=team, url=str(folder), actor=owner)
        assert repository.latest_run is not None
        # The thread that reports has a connection of its own, and cannot see the row of a test's transaction.
        with patch.object(progress, "WRITE_EVERY", 3600.0):
            indexing.index(repository.latest_run.pk)
        return repository.public_id


def make_invitation(team: Team, by: User) -> Invitation:
    """Acme's can be opened with TOKEN."""
    token = TOKEN if team.slug == "acme" else secrets.token_urlsafe()
    digest = hashlib.sha256(token.encode()).digest()
    email = f"invited@{team.slug}.example"
    return Invitation.objects.create(team=team, email=email, token_digest=digest, invited_by=by)
