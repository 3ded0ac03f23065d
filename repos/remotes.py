"""From a linked repository to what the git door needs to read it: address, policy, credentials, limits."""

from pathlib import Path

from django.conf import settings

from repos import secrets
from repos.engine import git
from repos.models import Auth, Repository


def policy() -> git.Policy:
    """What the operator of this server allows."""
    return git.Policy(
        allow_local=settings.PARE_ALLOW_LOCAL_REPOSITORIES,
        allow_private_hosts=settings.PARE_ALLOW_PRIVATE_HOSTS,
        ca_file=Path(settings.PARE_GIT_CA_FILE) if settings.PARE_GIT_CA_FILE else None,
    )


def remote_of(repository: Repository, *, seconds: float | None = None) -> git.Remote:
    """Raises AddressRefused when the operator no longer allows the address, SecretUnreadable."""
    allowed = policy()
    return git.Remote(
        address=git.parse_address(repository.url, allowed),
        policy=allowed,
        credentials=_credentials(repository),
        limits=git.GitLimits(
            folder_bytes=settings.PARE_MAX_REPOSITORY_MB << 20,
            seconds=seconds or settings.PARE_INDEX_TIME_LIMIT * 0.8,
        ),
    )


def _credentials(repository: Repository) -> git.Credentials:
    if repository.auth == Auth.TOKEN:
        return git.Credentials(token=secrets.unseal(repository.sealed_token))
    if repository.auth == Auth.DEPLOY_KEY:
        known_hosts = settings.DATA / "known_hosts"
        known_hosts.parent.mkdir(parents=True, exist_ok=True)
        return git.Credentials(private_key=secrets.unseal(repository.sealed_private_key), known_hosts=known_hosts)
    return git.Credentials()
