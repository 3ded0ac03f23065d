"""Everything the engine raises on purpose.

EngineError
├── BadTask                    the task or the budget cannot be used
├── GrammarMissing             a language's grammar does not load: the installation is broken
├── IndexCancelled             the caller's progress callback asked to stop
├── SnapshotError
│   ├── SnapshotMissing        no file at that path
│   └── SnapshotCorrupt        truncated, altered, or not a snapshot at all
│       └── SnapshotVersion    written by another version of the engine: index again
└── GitError
    ├── InvalidUrl             not an https or ssh URL that we accept
    ├── HostNotAllowed         the host is private, loopback or not resolvable to a public address
    ├── RepositoryNotFound     the host says there is no such repository (or hides it)
    ├── AuthenticationNeeded   the host wants a token or a key, or refused ours
    ├── BranchNotFound         the repository has no such branch, or no commit at all
    ├── RepositoryTooLarge     over the size limit
    ├── GitTimeout             over the time limit
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


class InvalidUrl(GitError):
    code = "invalid_url"


class HostNotAllowed(GitError):
    code = "host_not_allowed"


class RepositoryNotFound(GitError):
    code = "repository_not_found"


class AuthenticationNeeded(GitError):
    code = "authentication_needed"


class BranchNotFound(GitError):
    code = "branch_not_found"


class RepositoryTooLarge(GitError):
    code = "repository_too_large"


class GitTimeout(GitError):
    code = "git_timeout"


class GitFailed(GitError):
    code = "git_failed"
