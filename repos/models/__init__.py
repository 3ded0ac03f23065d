"""Linked repositories, the runs that index them, what came out, and what was served from it."""

from repos.models.commits import CommitNote, RecentCommits
from repos.models.proofs import ProofState, ReplayedCommit, RepositoryProof
from repos.models.repository import Auth, Repository, RepositoryQuerySet
from repos.models.runs import LIVE_STATES, IndexRun, Phase, State, Trigger
from repos.models.snapshots import SliceRecord, Snapshot

__all__ = [
    "LIVE_STATES",
    "Auth",
    "CommitNote",
    "IndexRun",
    "Phase",
    "ProofState",
    "RecentCommits",
    "ReplayedCommit",
    "Repository",
    "RepositoryProof",
    "RepositoryQuerySet",
    "SliceRecord",
    "Snapshot",
    "State",
    "Trigger",
]
