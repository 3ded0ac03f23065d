"""How a remote is reached: pinned to checked addresses, with its secret where only git can see it."""

import contextlib
import os
import re
import shlex
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from repos.engine.errors import AddressRefused
from repos.engine.git.address import Address, Policy, Resolver, reachable_addresses, resolve_host
from repos.engine.git.failures import Attempt, explain
from repos.engine.git.process import Command, Finished, GitLimits, Line, run

_TOKEN = re.compile(r"[\x21-\x7e]{1,1024}\Z")
_SSH_OPTIONS = {
    "BatchMode": "yes",
    "CheckHostIP": "no",
    "ConnectTimeout": "20",
    "ForwardAgent": "no",
    "GlobalKnownHostsFile": os.devnull,
    "IdentitiesOnly": "yes",
    "IdentityAgent": "none",
    "KbdInteractiveAuthentication": "no",
    "PasswordAuthentication": "no",
    "PermitLocalCommand": "no",
    "ProxyCommand": "none",
    "RequestTTY": "no",
    "ServerAliveCountMax": "3",
    "ServerAliveInterval": "15",
    "StrictHostKeyChecking": "accept-new",
    "UpdateHostKeys": "no",
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to be let in: an access token over https, a private key over ssh, or neither."""

    token: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    known_hosts: Path | None = None
    """Where the keys of ssh hosts are remembered after their first use; None forgets them at once."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A repository somewhere else, with everything needed to read it."""

    address: Address
    policy: Policy = Policy()
    credentials: Credentials = Credentials()
    limits: GitLimits = GitLimits()
    resolve: Resolver = resolve_host


@dataclass(frozen=True, slots=True)
class Connection:
    """A remote whose host has been looked up and checked; every command goes to the same addresses."""

    remote: Remote
    configuration: dict[str, str]
    environment: dict[str, str]

    def run(
        self,
        arguments: list[str],
        *,
        watch: Path | None = None,
        hold: int | None = None,
        on_complaint: Line | None = None,
        seconds: float | None = None,
    ) -> Finished:
        """Run one git command that talks to the host, in at most `seconds`. Raises GitError for any status but 0."""
        limits = self.remote.limits
        command = Command(
            arguments,
            configuration=self.configuration,
            environment=self.environment,
            protocols=self.remote.address.scheme,
            limits=replace(limits, seconds=min(limits.seconds, seconds or limits.seconds)),
            watch=watch,
            hold=hold,
            on_complaint=on_complaint,
        )
        finished = run(command)
        if finished.status:
            raise explain(finished.complaint, self._attempt())
        return finished

    def _attempt(self) -> Attempt:
        token = self.remote.credentials.token
        secrets = (token, _basic(self.remote.address, token)) if token else ()
        return Attempt(self.remote.address, with_token=bool(token), secrets=secrets)


@contextlib.contextmanager
def connect(remote: Remote) -> Iterator[Connection]:
    """Look the host up and lay out the secrets; they are gone from the disk afterwards. Raises GitError."""
    addresses = reachable_addresses(remote.address, remote.policy, remote.resolve)
    if remote.address.scheme == "https":
        yield Connection(remote, _https(remote, addresses), {})
    elif remote.address.scheme == "ssh":
        with tempfile.TemporaryDirectory(prefix="pare-ssh-") as folder:
            yield Connection(remote, {}, _ssh(remote, addresses[0], Path(folder)))
    else:
        yield Connection(remote, {}, {})


def with_suffix(remote: Remote) -> Remote | None:
    """The same remote with .git at its end, which some hosts insist on; None when it is there already."""
    if remote.address.scheme != "https" or remote.address.path.endswith(".git"):
        return None
    return replace(remote, address=replace(remote.address, path=remote.address.path + ".git"))


def check_token(token: str) -> str:
    """The token itself, or AddressRefused (`token_invalid`) when it cannot be one."""
    if not _TOKEN.match(token):
        raise AddressRefused(
            "The access token has a space or an unusual character in it, or is too long. Copy it again.",
            code="token_invalid",
        )
    return token


def _https(remote: Remote, addresses: tuple[str, ...]) -> dict[str, str]:
    address = remote.address
    settings = {}
    if addresses != (address.host,):
        pinned = ",".join(f"[{item}]" if ":" in item else item for item in addresses)
        settings["http.curloptResolve"] = f"{address.host}:{address.connect_port}:{pinned}"
    if remote.policy.ca_file:
        settings["http.sslCAInfo"] = str(remote.policy.ca_file)
    if remote.credentials.token:
        basic = _basic(address, check_token(remote.credentials.token))
        settings["http.extraHeader"] = f"Authorization: Basic {basic}"
    return settings


def _basic(address: Address, token: str) -> str:
    """The token as the password of a Basic header; `name:password` tokens are taken as they are."""
    if ":" not in token:
        name = "x-token-auth" if address.host == "bitbucket.org" else "x-access-token"
        token = f"{name}:{token}"
    return b64encode(token.encode()).decode()


def _ssh(remote: Remote, address: str, folder: Path) -> dict[str, str]:
    options = dict(_SSH_OPTIONS)
    options["HostName"] = address
    options["HostKeyAlias"] = f"{remote.address.host}-{remote.address.connect_port}"
    options["UserKnownHostsFile"] = str(remote.credentials.known_hosts or folder / "known_hosts")
    command = ["ssh", "-F", os.devnull]
    if remote.credentials.private_key:
        key = folder / "key"
        # Made with its final mode: there is no moment in which another user could read it.
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(remote.credentials.private_key)
        command += ["-i", str(key)]
    else:
        options["IdentityFile"] = "none"
    for name, value in options.items():
        command += ["-o", f"{name}={value}"]
    return {"GIT_SSH_COMMAND": shlex.join(command), "GIT_SSH_VARIANT": "ssh"}
