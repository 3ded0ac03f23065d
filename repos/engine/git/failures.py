"""From what git complains about to an error with a code and a sentence that somebody can act on."""

import re
from dataclasses import dataclass

from repos.engine.errors import (
    BranchNotFound,
    DiskFull,
    GitError,
    GitFailed,
    GitMissing,
    GitTimeout,
    HostBusy,
    HostUnknown,
    HostUnreachable,
    HostUntrusted,
    KeyRefused,
    MirrorBroken,
    RepositoryMoved,
    RepositoryNotFound,
    RepositoryTooLarge,
    RepositoryUnsafe,
    TokenNeeded,
    TokenRefused,
)
from repos.engine.git.address import Address


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was tried, as far as it changes what a complaint means."""

    address: Address
    with_token: bool
    secrets: tuple[str, ...] = ()


# The first pattern that matches decides; the order goes from the most to the least telling.
_COMPLAINTS: tuple[tuple[str, type[GitError], str], ...] = (
    ("no space left on device|disk quota exceeded", DiskFull,
     "The disk of this server is full, so the repository could not be stored. Its operator has to make room."),
    ("cannot run ssh|cannot exec .*ssh|ssh: (?:command )?not found", GitMissing,
     "The ssh client is not installed on this server. Its operator has to install OpenSSH's client."),
    ("out of memory|cannot allocate memory|mmap failed", RepositoryTooLarge,
     "The repository needs more memory than this server gives to one repository. Ask its operator to raise the limit."),
    ("host key verification failed|remote host identification has changed", HostUntrusted,
     "The ssh key of {host} is not the one seen before. If the host really changed its key, ask the operator of this "
     "server to forget the old one."),
    ("certificate|ssl: |gnutls_handshake|ssl_connect", HostUntrusted,
     "The certificate of {host} could not be verified. Fix it there, or ask the operator of this server to trust its "
     "authority."),
    ("couldn't find remote ref", BranchNotFound, "The branch does not exist in the repository. Choose another one."),
    (r"returned error: 30\d|unable to update url base from redirection", RepositoryMoved,
     "{host} sends us to another address. Link the repository under the address it has now."),
    (r"returned error: (?:429|5\d\d)", HostBusy,
     "{host} is too busy to answer at the moment. It will be tried again."),
    (r"returned error: (?:404|410)|repository '[^']*' not found|repository not found|project you were looking for could"
     " not be found|does not appear to be a git repository|not a git repository", RepositoryNotFound,
     "{host} has no repository at this address. Check the spelling; a private one may need an access token or a deploy "
     "key."),
    ("could not read (?:username|password)|authentication failed|terminal prompts disabled"
     r"|returned error: 40[13]", TokenNeeded,
     "{host} shows this repository only with an access token, or it does not exist. Check the spelling or add a token "
     "that may read it."),
    (r"permission denied \(|permission denied, please try again|no supported authentication|load key", KeyRefused,
     "{host} refused the deploy key. Add the public key shown on the repository's page to the repository there."),
    ("could not resolve host", HostUnknown,
     "The host {host} could not be found. Check its spelling, or try again later."),
    ("operation too slow|timed out|timeout", GitTimeout, "{host} stopped answering. It will be tried again."),
    ("connection refused|failed to connect|couldn't connect|no route to host|network is unreachable|connection reset"
     "|recv failure|early eof|unexpected disconnect|empty reply|connection closed|hung up", HostUnreachable,
     "{host} could not be reached, or ended the connection. It will be tried again."),
    (r"fsck error|badtree|gitmodules\w+:|error in (?:object|tree|commit|blob|tag)|hasdot", RepositoryUnsafe,
     "The repository holds an object that git refuses as unsafe ({last}). Remove it from the branch's last commit."),
    ("dubious ownership", RepositoryNotFound,
     "The folder belongs to another user of this server. Its operator has to change its owner."),
    ("bad object|loose object|packfile .* cannot be accessed|pack has bad|is corrupt|unable to read tree"
     r"|index-pack failed|invalid sha1|\.lock': file exists|bad config|not something we can merge", MirrorBroken,
     "The copy of the repository on this server is damaged. It is fetched anew."),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), kind, sentence) for pattern, kind, sentence in _COMPLAINTS)


def explain(complaint: str, attempt: Attempt) -> GitError:
    """The error for what git wrote. Nothing secret is in it: tokens are cut out before anything is quoted."""
    for secret in attempt.secrets:
        complaint = complaint.replace(secret, "…")
    host = attempt.address.host or "This server"
    for pattern, kind, sentence in _COMPILED:
        if pattern.search(complaint):
            if kind is TokenNeeded and attempt.with_token:
                return TokenRefused(
                    f"{host} refused the access token. It may be wrong, expired, or lack the right to read this "
                    "repository. Store a new one on the repository's page."
                )
            return kind(sentence.format(host=host, last=last_words(complaint)))
    return GitFailed(f"git could not read the repository: {last_words(complaint) or 'it gave no reason'}.")


def last_words(complaint: str) -> str:
    """The most telling line of a complaint, short and printable."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", complaint) if line.strip()]
    telling = [line for line in lines if line.lower().startswith(("fatal:", "error:", "remote: fatal"))] or lines
    line = "".join(char for char in (telling[0] if telling else "") if char.isprintable())
    return re.sub(r"^(?:fatal|error|remote): ", "", line)[:300].rstrip(". ")
