"""Plain functions that make rows for tests. Each gives a valid row with nothing but its required relations."""

from functools import cache
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts import api_keys
from accounts.models import ApiKey, Membership, Team, User
from accounts.roles import Role, Scope

_numbers = count(1)
PASSWORD = "correct horse battery"


@cache
def _hashed_password() -> str:
    """The real, slow hash, made once a run."""
    return make_password(PASSWORD)


def make_user(email: str = "", *, verified: bool = True, **fields: Any) -> User:
    email = email or f"person{next(_numbers)}@acme.example"
    user = User.objects.create(email=email.lower(), password=_hashed_password(), **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=verified, primary=True)
    return user


def make_team(name: str = "", *, owner: User | None = None, **fields: Any) -> Team:
    name = name or f"Team {next(_numbers)}"
    team = Team.objects.create(name=name, slug=fields.pop("slug", name.lower().replace(" ", "-")), **fields)
    make_membership(team, owner or make_user(), Role.OWNER)
    return team


def make_membership(team: Team, user: User | None = None, role: Role = Role.MEMBER) -> Membership:
    return Membership.objects.create(team=team, user=user or make_user(), role=role)


def make_api_key(
    team: Team, *, member: User | None = None, scopes: list[Scope] | None = None, **fields: Any
) -> tuple[ApiKey, str]:
    """A key and its full text; a service key when no member is named."""
    new = api_keys.generate()
    membership = Membership.objects.get(team=team, user=member) if member else None
    key = ApiKey.objects.create(
        team=team,
        membership=membership,
        name=fields.pop("name", f"key {next(_numbers)}"),
        key_id=new.key_id,
        secret_digest=new.digest,
        last_four=new.last_four,
        scopes=list(Scope) if scopes is None else scopes,
        **fields,
    )
    return key, new.text
