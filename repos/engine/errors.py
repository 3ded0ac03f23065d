"""Everything the engine raises on purpose.

EngineError
├── BadTask                    the task or the budget cannot be used
├── GrammarMissing             a language's grammar does not load: the installation is broken
├── IndexCancelled             the caller's progress callback asked to stop
├── SnapshotError
│   ├── SnapshotMissing        no file at that path
│   └── SnapshotCorrupt        truncated, altered, or not a snapshot at all
│       └── SnapshotVersion    written by another version of the engine: index again
└── GitError                   anything git; `transient` ones may be tried again as they are
    ├── AddressRefused         address_invalid, scheme_not_allowed, credentials_in_address, local_not_allowed,
    │                          host_not_allowed, branch_invalid, token_invalid
    ├── HostUnknown            the name of the host does not resolve (transient)
    ├── HostUnreachable        nobody answers there (transient)
    ├── HostBusy               the host answers 429 or 5xx (transient)
    ├── HostUntrusted          its certificate or its ssh key is not the one expected
    ├── RepositoryNotFound     the host says there is no such repository
    ├── RepositoryMoved        the host sends us elsewhere; we do not follow
    ├── TokenNeeded            private, or missing and not admitted to
    ├── TokenRefused           the token is wrong, expired or lacks the right to read
    ├── KeyRefused             the deploy key is not known there
    ├── BranchNotFound         no branch of that name
    ├── RepositoryEmpty        no commit at all
    ├── RepositoryTooLarge     over the size or memory limit
    ├── RepositoryUnsafe       it holds an object that git refuses to store
    ├── GitTimeout             over the time limit, or stalled (transient)
    ├── DiskFull               no room for the mirror
    ├── MirrorBusy             another process holds the mirror (transient)
    ├── MirrorBroken           the mirror is damaged: remove it and fetch again
    ├── GitMissing             no git, or one too old: the installation is broken
    └── GitFailed              anything else git said

Every message is one sentence that a person who linked the repository can act on; it never holds a token.
"""


class EngineError(Exception):
    """Root of the tree. `code` is stable and may be stored or sent to a client."""

    code = "engine_error"


class BadTask(EngineError):
    code = "bad_task"


class GrammarMissing(EngineError):
    code = "grammar_missing"


class IndexCancelled(EngineError):
    code = "index_cancelled"


class SnapshotError(EngineError):
    code = "snapshot_error"


class SnapshotMissing(SnapshotError):
    code = "snapshot_missing"


class SnapshotCorrupt(SnapshotError):
    code = "snapshot_corrupt"


class SnapshotVersion(SnapshotCorrupt):
    code = "snapshot_version"


class GitError(EngineError):
    code = "git_failed"
    transient = False
    """True when the same call may succeed a little later without anybody changing anything."""

    def __init__(self, sentence: str, *, code: str = "") -> None:
        super().__init__(sentence)
        self.code = code or self.code


class AddressRefused(GitError):
    code = "address_invalid"


class HostUnknown(GitError):
    code = "host_unknown"
    transient = True


class HostUnreachable(GitError):
    code = "host_unreachable"
    transient = True


class HostBusy(GitError):
    code = "host_busy"
    transient = True


class HostUntrusted(GitError):
    code = "host_untrusted"


class RepositoryNotFound(GitError):
    code = "repository_not_found"


class RepositoryMoved(GitError):
    code = "repository_moved"


class TokenNeeded(GitError):
    code = "token_needed"


class TokenRefused(GitError):
    code = "token_refused"


class KeyRefused(GitError):
    code = "key_refused"


class BranchNotFound(GitError):
    code = "branch_not_found"


class RepositoryEmpty(GitError):
    code = "repository_empty"


class RepositoryTooLarge(GitError):
    code = "repository_too_large"


class GitTimeout(GitError):
    code = "git_timeout"
    transient = True


class DiskFull(GitError):
    code = "disk_full"


class MirrorBusy(GitError):
    code = "mirror_busy"
    transient = True


class MirrorBroken(GitError):
    code = "mirror_broken"


class RepositoryUnsafe(GitError):
    code = "repository_unsafe"


class GitMissing(GitError):
    code = "git_missing"


class GitFailed(GitError):
    code = "git_failed"
