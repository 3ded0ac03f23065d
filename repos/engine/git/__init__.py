"""The only room that runs git: addresses checked, mirrors fetched, commits read. See `errors` for what can go wrong."""

from repos.engine.git.address import Address, Policy, check_branch, is_public, parse_address, reachable_addresses
from repos.engine.git.connection import Credentials, Remote, check_token
from repos.engine.git.log import Change, LoggedCommit, read_log, replaced_lines
from repos.engine.git.mirror import Fetched, RemoteHead, fetch, remote_head, remove_mirror
from repos.engine.git.process import GitLimits
from repos.engine.git.tree import GitTree

__all__ = [
    "Address",
    "Change",
    "Credentials",
    "Fetched",
    "GitLimits",
    "GitTree",
    "LoggedCommit",
    "Policy",
    "Remote",
    "RemoteHead",
    "check_branch",
    "check_token",
    "fetch",
    "is_public",
    "parse_address",
    "reachable_addresses",
    "read_log",
    "remote_head",
    "remove_mirror",
    "replaced_lines",
]
