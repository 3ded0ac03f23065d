"""Linking and unlinking repositories, and changing how they are read."""

from django.db import IntegrityError, transaction

from accounts import audit
from accounts.models import Team
from billing.caps import RepositoryCapReached
from billing.plans import has_room_for_one_more
from billing.services import plan_of
from repos import pauses, remotes, secrets, tasks
from repos.engine import git
from repos.engine.errors import GitError, HostUnknown
from repos.errors import AddressInvalid, AlreadyLinked, AuthMismatch, TokenMissing
from repos.models import Auth, IndexRun, Repository, SliceRecord, Trigger
from repos.services.actors import Actor, user_of


def link_repository(
    *, team: Team, url: str, auth: str = Auth.NONE, token: str = "", branch: str = "", actor: Actor
) -> Repository:
    """Link a repository and queue its first index run.

    Raises RepositoryCapReached (402), AddressInvalid (400, the git door's codes), AlreadyLinked (409), AuthMismatch and
    TokenMissing (400). Whether the host has the repository and lets us in shows in the run.
    """
    address = _checked_address(url)
    auth, token = _checked_auth(address, auth, token)
    branch = _checked_branch(branch)
    with transaction.atomic():
        team = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        plan = plan_of(team)
        if not has_room_for_one_more(repositories_in_use(team), plan.repositories):
            raise RepositoryCapReached(plan)
        private_key, public_key = secrets.new_deploy_key(address.identity) if auth == Auth.DEPLOY_KEY else ("", "")
        try:
            with transaction.atomic():
                repository = Repository.objects.create(
                    team=team, name=_name(address), url=address.url, identity=address.identity, host=address.host,
                    branch=branch, auth=auth, sealed_token=secrets.seal(token), public_key=public_key,
                    sealed_private_key=secrets.seal(private_key), linked_by=user_of(actor),
                )  # fmt: skip
        except IntegrityError as error:
            raise AlreadyLinked(address.identity) from error
        run, _ = IndexRun.objects.request(repository=repository, trigger=Trigger.LINK, by=user_of(actor))
        audit.record(team=team, actor=actor, action="repository.linked", target=address.identity)
        tasks.enqueue(run)
    repository.refresh_from_db()
    return repository


@transaction.atomic
def unlink_repository(*, repository: Repository, actor: Actor) -> None:
    """Remove the repository with its runs and snapshots; its files go as soon as this is committed.

    Its place in the plan goes to a paused one. A run at work notices that its row is gone and stops. Records of slices
    stay, without the paths they touched: they count against the month's cap.
    """
    team = Team.objects.select_for_update(no_key=True).get(pk=repository.team_id)
    audit.record(team=team, actor=actor, action="repository.unlinked", target=repository.identity)
    public_id = str(repository.public_id)
    SliceRecord.objects.for_team(team).filter(repository=repository).update(touched=[])
    Repository.objects.filter(pk=repository.pk).update(snapshot=None, latest_run=None)
    Repository.objects.for_team(team).filter(pk=repository.pk).delete()
    pauses.settle(team)
    transaction.on_commit(lambda: tasks.remove_repository_files.delay(public_id), robust=True)


@transaction.atomic
def change_token(*, repository: Repository, token: str, actor: Actor) -> None:
    """Store another access token and index with it. Raises AuthMismatch, TokenMissing, AddressInvalid (400)."""
    address = git.parse_address(repository.url, remotes.policy())
    _, token = _checked_auth(address, Auth.TOKEN, token)
    Repository.objects.filter(pk=repository.pk).update(
        auth=Auth.TOKEN, sealed_token=secrets.seal(token), sealed_private_key=b"", public_key=""
    )
    audit.record(team=repository.team_id, actor=actor, action="repository.token_changed", target=repository.identity)
    run, _ = IndexRun.objects.request(repository=repository, trigger=Trigger.MANUAL, by=user_of(actor))
    tasks.enqueue(run)


def repositories_in_use(team: Team) -> int:
    """What counts against the plan's cap on repositories: all that are linked, paused ones too."""
    return Repository.objects.for_team(team).count()


def _name(address: git.Address) -> str:
    """The last two parts of the path, as hosts show them: acme/shop. Of a folder the last part only."""
    parts = address.path.removesuffix(".git").strip("/").split("/")
    return "/".join(parts[-1:] if address.scheme == "file" else parts[-2:])[-120:]


def _checked_address(url: str) -> git.Address:
    policy = remotes.policy()
    try:
        address = git.parse_address(url, policy)
        git.reachable_addresses(address, policy)
    except HostUnknown:
        # Perhaps only for the moment, and perhaps the workers know it: the run will say so if not.
        return address
    except GitError as error:
        raise AddressInvalid(error) from error
    return address


def _checked_auth(address: git.Address, auth: str, token: str) -> tuple[Auth, str]:
    if auth == Auth.TOKEN or (auth == Auth.NONE and token):
        if address.scheme != "https":
            raise AuthMismatch("An access token works with an https address only. Use that one, or a deploy key.")
        if not token:
            raise TokenMissing
        try:
            return Auth.TOKEN, git.check_token(token.strip())
        except GitError as error:
            raise AddressInvalid(error, "token") from error
    if auth == Auth.DEPLOY_KEY and address.scheme != "ssh":
        raise AuthMismatch("A deploy key works with an ssh address only, such as git@host:path.")
    if address.scheme == "ssh":
        return Auth.DEPLOY_KEY, ""
    return Auth.NONE, ""


def _checked_branch(branch: str) -> str:
    try:
        return git.check_branch(branch.strip()) if branch.strip() else ""
    except GitError as error:
        raise AddressInvalid(error, "branch") from error
