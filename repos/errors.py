"""Refusals of this app, each with a code a program can act on."""

from billing.plans import Plan
from config.errors import DomainError
from repos.engine.errors import GitError
from repos.models import IndexRun, Repository, State


class AddressInvalid(DomainError):
    """The address, branch or token of a repository to link cannot be used. The code may also be another of the git
    door's: scheme_not_allowed, credentials_in_address, host_not_allowed, branch_invalid, token_invalid.
    """

    code, status = "address_invalid", 400

    def __init__(self, error: GitError, field: str = "url") -> None:
        super().__init__(str(error), fields={field: [str(error)]})
        self.code = error.code


class AlreadyLinked(DomainError):
    """The team has linked this repository already, perhaps under another form of its address."""

    code, status = "already_linked", 409

    def __init__(self, identity: str) -> None:
        sentence = f"The team has linked {identity} already."
        super().__init__(sentence, fields={"url": [sentence]})


class TokenMissing(DomainError):
    code, status = "token_missing", 400
    message = "An access token was chosen but not given. Paste it, or choose another way in."

    def __init__(self) -> None:
        super().__init__(fields={"token": [self.message]})


class AuthMismatch(DomainError):
    """A token for an ssh address, or a deploy key for an https one."""

    code, status = "auth_mismatch", 400

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, fields={"auth": [sentence]})


class RepositoryPaused(DomainError):
    code, status = "repository_paused", 402
    message = (
        "This repository is paused, because the team has more repositories than its plan allows. "
        "Choose it to stay active instead of another one, unlink another one, or ask an owner to change the plan."
    )


class TooManyKept(DomainError):
    """More repositories were chosen to stay active than the plan has places for."""

    code, status = "too_many_kept", 402

    def __init__(self, plan: Plan) -> None:
        noun = "repository" if plan.repositories == 1 else "repositories"
        sentence = f"{plan.name} has room for {plan.repositories} {noun}. Choose no more than that."
        super().__init__(sentence, fields={"repositories": [sentence]})


class NotLinked(DomainError):
    """What was chosen is not, or no longer, a repository of the team."""

    code, status = "not_linked", 400
    message = "One of the chosen repositories is not linked to this team. Look through the list and choose again."

    def __init__(self) -> None:
        super().__init__(fields={"repositories": [self.message]})


class NotIndexedYet(DomainError):
    """There is no snapshot to serve from. The message says why and what to do; Retry-After is set while one is made."""

    code, status = "not_indexed_yet", 409

    def __init__(self, repository: Repository) -> None:
        run = repository.latest_run
        live = run is not None and run.is_live
        super().__init__(_why_not_indexed(run), headers={"Retry-After": "5"} if live else None)


def _why_not_indexed(run: IndexRun | None) -> str:
    if run is None:
        return "This repository has not been indexed yet. Start an index run, then ask again."
    if run.state == State.FAILED:
        return f"This repository could not be indexed: {run.error} Then index it again."
    if run.state == State.RUNNING and run.total:
        return f"This repository is being indexed ({run.phase}, {run.done} of {run.total}). Ask again in a few seconds."
    return "This repository is waiting to be indexed or is being indexed. Ask again in a few seconds."


class TooManyPinned(DomainError):
    """As many snapshots of the repository as can be are pinned."""

    code, status = "too_many_pinned", 409

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} snapshots of this repository are pinned, and no more can be. Unpin one first.")


class StoreUnreachable(DomainError):
    """The store of snapshots does not answer. Nothing is wrong with what it holds, so nothing is made again."""

    code, status = "store_unreachable", 503
    message = "The store that holds the snapshots of this server does not answer. Ask again in a minute."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "30"})


class BadSliceRequest(DomainError):
    code, status = "invalid", 400

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__("Some fields need another value.", fields={field: [sentence]})
