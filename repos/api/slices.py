"""The hot path: a task and a budget in, a slice out. A plain view with typed bodies."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from django.http import Http404, HttpResponse

from accounts.rest import HotRequest, hot_api, read_json
from accounts.roles import Scope
from billing.caps import SliceCapReached
from repos import services
from repos.errors import BadSliceRequest, NotIndexedYet, RepositoryPaused, StoreUnreachable
from repos.models import Repository
from repos.services import Served
from repos.text import plain

MAX_BODY = 1 << 20
MOST_FILES = 50  # a longer list is larger than the text, and an agent that reads all of the answer pays for it
NO_NUL = r"^[^\u0000]*$"


class SliceRequest(msgspec.Struct, forbid_unknown_fields=True):
    """`task` says in words what is to be done; `budget` is the token limit of the text; `snapshot` is the id of a kept
    snapshot, the current one when left out."""

    task: Annotated[str, msgspec.Meta(max_length=100_000)]
    budget: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 8000
    session_id: Annotated[str, msgspec.Meta(max_length=200, pattern=NO_NUL)] = ""
    snapshot: UUID | None = None
    paths: Annotated[list[Annotated[str, msgspec.Meta(max_length=1000)]], msgspec.Meta(max_length=100)] = []


class SliceFile(msgspec.Struct):
    path: str
    score: float
    language: str


class SliceSymbol(msgspec.Struct):
    """A piece of the text: lines `start` to `end` of a file. `form` is full, part or signature."""

    path: str
    start: int
    end: int
    symbol: str
    kind: str
    form: str
    score: float
    reason: str
    confidence: str


class SliceCoverage(msgspec.Struct):
    """seen = parsed + text + the sum of skipped; share is that of the usable files, 0 to 1."""

    seen: int
    parsed: int
    text: int
    skipped: dict[str, int]
    share: float


class SliceRepository(msgspec.Struct):
    id: str
    name: str
    branch: str


class SliceAnswer(msgspec.Struct):
    """`text` is what goes to the agent and has `tokens` tokens; `files` and `symbols` say what is in it and why."""

    id: str
    repository: SliceRepository
    commit: str
    committed_at: datetime | None
    age_seconds: int
    confidence: str
    notes: list[str]
    budget: int
    tokens: int
    tokenizer: str
    milliseconds: float
    coverage: SliceCoverage
    files: list[SliceFile]
    symbols: list[SliceSymbol]
    text: str


_encode = msgspec.json.Encoder().encode


@hot_api(
    scope=Scope.CONTEXT_READ,
    body=SliceRequest,
    answer=SliceAnswer,
    tag="Slices",
    errors=(SliceCapReached, RepositoryPaused, NotIndexedYet, BadSliceRequest, StoreUnreachable),
)
def repository_slices(request: HotRequest, public_id: UUID) -> HttpResponse:
    """Get a context slice.

    What an agent needs to know of a repository for a task: the definitions that matter in full, their neighbours as
    signatures, never over the budget. The answer says commit, age, coverage and confidence. The task is not kept.
    """
    asked = read_json(request, SliceRequest, limit=MAX_BODY)
    team_id = request.principal.team_id
    repository = Repository.objects.for_team(team_id).for_serving().filter(public_id=public_id).first()
    if repository is None:
        raise Http404
    served = services.serve_slice(
        repository=repository,
        actor=request.principal,
        task=asked.task,
        budget=asked.budget,
        session_id=asked.session_id,
        paths=tuple(asked.paths),
        snapshot=asked.snapshot,
    )
    return HttpResponse(_encode(answer_of(served)), content_type="application/json")


def answer_of(served: Served) -> SliceAnswer:
    made, repository = served.slice, served.repository
    coverage = made.coverage
    return SliceAnswer(
        id=str(served.record.public_id),
        repository=SliceRepository(str(repository.public_id), repository.name, repository.followed_branch),
        commit=made.commit,
        committed_at=made.committed_at,
        age_seconds=served.age_seconds,
        confidence=made.confidence,
        notes=list(made.notes),
        budget=made.budget,
        tokens=made.tokens,
        tokenizer=made.tokenizer,
        milliseconds=round(served.milliseconds, 2),
        coverage=SliceCoverage(
            coverage.seen, coverage.parsed, coverage.text, dict(coverage.skipped), round(coverage.share, 4)
        ),
        files=[SliceFile(plain(file.path), round(file.score, 4), file.language) for file in made.files[:MOST_FILES]],
        symbols=[
            SliceSymbol(
                plain(item.path), item.start, item.end, plain(item.symbol), item.kind, item.form, round(item.score, 4),
                item.reason, item.confidence,
            )
            for item in made.items
        ],
        text=plain(made.text),
    )  # fmt: skip
