"""The only room that runs git: addresses checked, mirrors fetched, commits read. See `errors` for what can go wrong."""

from repos.engine.git.address import Address, Policy, check_branch, is_public, parse_address, reachable_addresses
from repos.engine.git.connection import Credentials, Remote, check_token
from repos.engine.git.mirror import Fetched, RemoteHead, fetch, remote_head, remove_mirror
from repos.engine.git.process import GitLimits
from repos.engine.git.tree import GitTree

__all__ = [
    "Address",
    "Credentials",
    "Fetched",
    "GitLimits",
    "GitTree",
    "Policy",
    "Remote",
    "RemoteHead",
    "check_branch",
    "check_token",
    "fetch",
    "is_public",
    "parse_address",
    "reachable_addresses",
    "remote_head",
    "remove_mirror",
]
