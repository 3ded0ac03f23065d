"""The proof of a repository in figures: how often the slice held what a commit changed, and what it cost."""

import math
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from urllib.parse import urlsplit

from repos.models import ReplayedCommit, Repository, RepositoryProof

Z = 1.96  # of a 95 % interval
MISSES_LISTED = 10


@dataclass(frozen=True, slots=True)
class Miss:
    """A commit whose slice lacked a file it changed. `url` is empty where the host has no page for it."""

    sha: str
    subject: str
    committed_at: datetime
    url: str
    missing: tuple[str, ...]
    files: int


@dataclass(frozen=True, slots=True)
class Shares:
    """`found` of `n`, as a share from 0 to 1 with its 95 % interval (Wilson)."""

    found: int
    n: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ProofReport:
    """Tokens are medians over the judged commits; `search_lost` counts searches that gave up at their cap."""

    tasks: Shares
    definitions: int
    definitions_found: int
    slice_tokens: int
    file_tokens: int
    search_tokens: int
    search_lost: int
    not_judged: int
    misses: tuple[Miss, ...]
    more_misses: int


def report_of(proof: RepositoryProof | None) -> ProofReport | None:
    """None until a commit was judged."""
    rows = list(proof.replays.order_by("-committed_at", "sha")) if proof else []
    judged = [row for row in rows if row.judged]
    if proof is None or not judged:
        return None
    missed = [row for row in judged if not row.hit]
    missed.sort(key=lambda row: len(row.found) / len(row.files))  # the worst first, newest first among equals
    return ProofReport(
        tasks=shares(len(judged) - len(missed), len(judged)),
        definitions=sum(row.definitions for row in judged),
        definitions_found=sum(row.definitions_found for row in judged),
        slice_tokens=round(median(row.tokens for row in judged)),
        file_tokens=round(median(row.file_tokens for row in judged)),
        search_tokens=round(median(row.search_tokens for row in judged)),
        search_lost=sum(not row.search_found for row in judged),
        not_judged=len(rows) - len(judged),
        misses=tuple(_miss(proof.repository, row) for row in missed[:MISSES_LISTED]),
        more_misses=max(0, len(missed) - MISSES_LISTED),
    )


def shares(found: int, n: int) -> Shares:
    """With Wilson's interval: https://doi.org/10.1080/01621459.1927.10502953, its score method."""
    share = found / n
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return Shares(found, n, share, max(0.0, middle - half), min(1.0, middle + half))


def _miss(repository: Repository, row: ReplayedCommit) -> Miss:
    missing = tuple(path for path in row.files if path not in row.found)
    return Miss(row.sha, row.subject, row.committed_at, commit_url(repository, row.sha), missing, len(row.files))


def commit_url(repository: Repository, sha: str) -> str:
    """Where the host shows a commit. Hosts differ; what is not known to be another takes GitHub's form."""
    if not repository.host:
        return ""
    address = urlsplit(repository.url)
    host = address.netloc if address.scheme == "https" else repository.host  # the port of ssh serves no pages
    page = f"https://{host}{address.path.removesuffix('.git')}"
    if "gitlab" in repository.host:
        return f"{page}/-/commit/{sha}"
    return f"{page}/commits/{sha}" if "bitbucket" in repository.host else f"{page}/commit/{sha}"
