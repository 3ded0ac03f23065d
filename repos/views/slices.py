"""Looking into a repository: its symbols, and a slice as an agent would get it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import TeamRequest, team_view
from accounts.roles import Right
from config.errors import DomainError
from repos import services
from repos.api.slices import answer_of
from repos.forms import SliceForm
from repos.views.repositories import repository_or_404

LONGEST_QUERY = 200


@team_view(Right.SEE_CODE)
@require_safe
def repository_symbols(request: TeamRequest, public_id: UUID) -> HttpResponse:
    """A search box; with htmx only the results are sent."""
    repository = repository_or_404(request, public_id)
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    context = {"repository": repository, "query": query, "symbols": None, "refusal": None}
    if query:
        try:
            context["symbols"] = services.find_symbols(repository=repository, query=query, limit=30)
        except DomainError as error:
            context["refusal"] = error
    template = "repos/_symbols.html" if request.headers.get("HX-Request") else "repos/repository_symbols.html"
    return render(request, template, context)


@team_view(Right.SEE_CODE)
@require_http_methods(["GET", "POST"])
def repository_try(request: TeamRequest, public_id: UUID) -> HttpResponse:
    """Exactly what an agent gets for a task; it counts as a slice."""
    repository = repository_or_404(request, public_id)
    form = SliceForm(request.POST if request.method == "POST" else None)
    context = {"repository": repository, "form": form, "answer": None, "refusal": None}
    if form.is_valid():
        try:
            served = services.serve_slice(
                repository=repository,
                actor=request.user,
                task=form.cleaned_data["task"],
                budget=form.cleaned_data["budget"],
            )
            context["answer"] = answer_of(served)
        except DomainError as error:
            form.refusal, context["refusal"] = error, error
    if request.headers.get("HX-Request"):
        return render(request, "repos/_slice.html", context)
    return render(request, "repos/repository_try.html", context, status=form.status)
