"""Pages to look at a repository's code: its packages as a picture and a table, and one symbol with what is round it."""

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, team_view
from accounts.roles import Right
from config.errors import DomainError
from repos import services
from repos.addresses import Links
from repos.models import Repository, SliceRecord
from repos.text import visible
from repos.views.pictures import picture_of
from repos.views.repositories import repository_or_404

LONGEST_PATH = 5000
CRUMBS = 6  # shown of a deep path: its first and its last folders


@dataclass(frozen=True, slots=True)
class Crumb:
    name: str
    url: str


@team_view(Right.SEE_CODE)
@never_cache
@require_safe
def repository_graph(request: TeamRequest, public_id: UUID) -> HttpResponse:
    """A level of packages: of the folder or file `at`, `part` of it; lit up by `slice`; `guesses` counts those too."""
    repository = repository_or_404(request, public_id)
    path, part = request.GET.get("at", "")[:LONGEST_PATH], number_of(request, "part")
    guesses, record = request.GET.get("guesses") == "1", _slice_asked_for(request, repository)
    links = Links(repository, record.public_id if record else None, guesses)
    context = {
        "repository": repository, "path": path, "record": record, "guesses": guesses, "picture": None, "refusal": None,
        "crumbs": _crumbs(path, links), "root_url": links.level(""),
        "guesses_url": links.level(path, part, guesses=not guesses), "plain_url": Links(repository).level(path, part),
    }  # fmt: skip
    status = 200
    try:
        level = services.look_at_packages(repository=repository, path=path, part=part, guesses=guesses)
    except DomainError as error:
        context["refusal"] = error
    else:
        status = 404 if level is None else 200
        if level is not None and repository.snapshot:
            context["picture"] = picture_of(level, links, repository.snapshot.digest, record)
            context["parts"] = _parts(level.path, level.part, level.parts, links)
    return render(request, "repos/repository_graph.html", context, status=status)


def number_of(request: HttpRequest, name: str) -> int:
    """A whole number from 1 on that a page is asked for; 1 for anything else."""
    text = request.GET.get(name, "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _slice_asked_for(request: TeamRequest, repository: Repository) -> SliceRecord | None:
    asked = request.GET.get("slice", "")
    if not asked:
        return None
    try:
        wanted = UUID(asked)
    except ValueError as error:
        raise Http404 from error
    record = SliceRecord.objects.for_team(request.team).filter(repository=repository, public_id=wanted).first()
    if record is None:
        raise Http404
    return record


def _crumbs(path: str, links: Links) -> list[Crumb]:
    """The way down to a path; of a deep one the first folder and the last ones."""
    names = path.split("/") if path else []
    whole = [Crumb(visible(name), links.level("/".join(names[: at + 1]))) for at, name in enumerate(names[:1000])]
    return whole if len(whole) <= CRUMBS else [*whole[:1], Crumb("…", whole[-CRUMBS].url), *whole[1 - CRUMBS :]]


def _parts(path: str, part: int, parts: int, links: Links) -> dict[str, str]:
    """Addresses of the parts before and after this one, where there are any."""
    found = {"before": links.level(path, part - 1)} if part > 1 else {}
    return {**found, "after": links.level(path, part + 1)} if part < parts else found
