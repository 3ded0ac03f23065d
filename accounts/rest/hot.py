"""The door of the hot paths: a plain Django view behind the same checks as the rest of the API, without DRF's cost."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from accounts import rate_limit
from accounts.access import Principal
from accounts.rest.principals import NotAuthenticated, ScopeMissing, bearer, principal_of_key, principal_of_session
from accounts.roles import Scope
from config.errors import DomainError, NotFound, error_response

P = ParamSpec("P")


class MethodNotAllowed(DomainError):
    code, status, message = "method_not_allowed", 405, "This address does not know this method."


class HotRequest(HttpRequest):
    principal: Principal


@dataclass(frozen=True, slots=True)
class HotDoc:
    """What the schema says of a hot view: the types of its JSON body and answer, and the status of the answer."""

    scope: Scope
    methods: tuple[str, ...]
    body: Any = None
    answer: Any = None
    status: int = 200
    tag: str = ""
    errors: tuple[type[DomainError], ...] = ()


View = Callable[..., HttpResponseBase]
HotView = Callable[Concatenate[HotRequest, P], HttpResponseBase]


def hot_api(
    *,
    scope: Scope,
    methods: tuple[str, ...] = ("POST",),
    body: Any = None,
    answer: Any = None,
    status: int = 200,
    tag: str = "",
    errors: tuple[type[DomainError], ...] = (),
) -> Callable[[HotView[P]], View]:
    """For the hot paths: a plain Django view with a bearer key (no SQL to check it) or a session with CSRF token.

    The view gets `request.principal`; a DomainError or Http404 that it raises becomes the one error shape. `body`,
    `answer` (msgspec structs or dataclasses), `status` and `errors` are for the schema, as is the view's docstring: a
    view that names an `answer` stands in `/api/schema/`.
    """

    def decorate(view: HotView[P]) -> View:
        @login_not_required
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            try:
                if request.method not in methods:
                    raise MethodNotAllowed(f"Use {' or '.join(methods)}.", headers={"Allow": ", ".join(methods)})
                hot = cast(HotRequest, request)
                hot.principal = _admit(request, scope)
                return view(hot, *args, **kwargs)
            except Http404:
                return error_response(NotFound())
            except DomainError as error:
                return error_response(error)

        # Read by the schema and by the access matrix.
        guarded.hot_doc = HotDoc(scope, methods, body, answer, status, tag, errors)  # type: ignore[attr-defined]
        return guarded

    return decorate


def _admit(request: HttpRequest, scope: Scope) -> Principal:
    token = bearer(request)
    if token is not None:
        principal = principal_of_key(token)
    elif request.user.is_authenticated:
        principal = principal_of_session(request, request.user.pk)
    else:
        raise NotAuthenticated
    if scope not in principal.scopes:
        raise ScopeMissing(scope)
    rate_limit.check(principal, hot=True)
    return principal
