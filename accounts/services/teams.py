"""Making, naming and closing a team."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts import audit
from accounts.access import check_right
from accounts.models import Membership, Team, User
from accounts.roles import Right, Role
from accounts.services.errors import NoSlug, SlugReserved, SlugTaken, TeamLimitReached
from config.errors import NotFound

TEAMS_OWNED_LIMIT = 20
SLUG_LENGTH = 50
SLUG_TRIES = 50
RESERVED_SLUGS = frozenset(
    """
    account accounts admin api app billing demo docs help home invitation login logout mail me new none null pare
    signup static status support system t team teams undefined www
    """.split()  # noqa: SIM905  a list of one word a line would hide the code
)


def lock_team(team: Team) -> Team:
    """The team's row, locked until the transaction ends: the first step of every verb that counts people.

    Raises NotFound (404) when the team was closed meanwhile.
    """
    locked = Team.objects.select_for_update(no_key=True).filter(pk=team.pk, closed_at=None).first()
    if locked is None:
        raise NotFound
    return locked


def lock_team_for(team: Team, actor: User, right: Right) -> tuple[Team, Membership]:
    """The locked team and the actor's membership as it is now: who lost the right a moment ago is stopped here.

    Raises NotFound (404) for somebody not in the team, Forbidden (403) for a role without the right.
    """
    locked = lock_team(team)
    membership = Membership.objects.for_team(locked).filter(user=actor).first()
    if membership is None:
        raise NotFound
    check_right(membership, right)
    return locked, membership


def suggest_slug(name: str) -> str:
    """A free slug made from a team's name: `acme`, or `acme-2` when that is taken. Raises NoSlug."""
    base = slugify(name).replace("_", "-").strip("-")[:SLUG_LENGTH].strip("-")
    if not base:
        raise NoSlug
    if base in RESERVED_SLUGS:
        base = f"team-{base}"
    stem = base[: SLUG_LENGTH - 3].strip("-")
    candidates = [base, *(f"{stem}-{number}" for number in range(2, SLUG_TRIES))]
    taken = set(Team.objects.filter(slug__in=candidates).values_list("slug", flat=True))
    free = next((slug for slug in candidates if slug not in taken), None)
    if free is None:
        raise SlugTaken(base)
    return free


@transaction.atomic
def create_team(*, name: str, owner: User, slug: str = "") -> Team:
    """A new team on the Starter plan with its first owner. Without a slug, one is made from the name.

    Raises NoSlug, SlugReserved, SlugTaken, TeamLimitReached.
    """
    slug = slug or suggest_slug(name)
    if slug in RESERVED_SLUGS:
        raise SlugReserved(slug)
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    owned = Membership.objects.owners().filter(user=owner, team__closed_at=None).count()
    if owned >= TEAMS_OWNED_LIMIT:
        raise TeamLimitReached(TEAMS_OWNED_LIMIT)
    try:
        with transaction.atomic():
            team = Team.objects.create(name=name, slug=slug)
    except IntegrityError:
        raise SlugTaken(slug) from None
    Membership.objects.create(team=team, user=owner, role=Role.OWNER)
    audit.record(team=team, actor=owner, action="team.created", target=name, details={"slug": slug})
    return team


@transaction.atomic
def rename_team(*, team: Team, name: str, actor: User) -> Team:
    """Gives the team another name; its slug stays, since keys and bookmarks know it."""
    team, _ = lock_team_for(team, actor, Right.MANAGE_TEAM)
    before, team.name = team.name, name
    if name != before:
        team.save(update_fields=["name"])
        audit.record(team=team, actor=actor, action="team.renamed", target=name, details={"before": before})
    return team


@transaction.atomic
def close_team(*, team: Team, actor: User) -> None:
    """Deletes the team for its people: pages answer 404, keys and open invitations stop.

    Its repositories and usage are removed by the apps that hold them, which read `closed_at`.
    """
    team, _ = lock_team_for(team, actor, Right.CLOSE_TEAM)
    team.closed_at = timezone.now()
    team.save(update_fields=["closed_at"])
    team.invitations.open().update(revoked_at=team.closed_at)
    audit.record(team=team, actor=actor, action="team.closed", target=team.name)
