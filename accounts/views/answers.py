"""How a page answers when a verb refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from accounts.forms import RefusableForm
from config.errors import DomainError, Forbidden, NotFound


@contextmanager
def refusals_on(form: RefusableForm) -> Iterator[None]:
    """A refusal inside goes onto the form; what is gone is 404, what the role does not allow 403."""
    try:
        yield
    except (NotFound, Forbidden) as error:
        raise _page_error(error) from error
    except DomainError as error:
        form.refuse(error)


@contextmanager
def refusals_as_messages(request: HttpRequest) -> Iterator[None]:
    """As `refusals_on`, for acts without a form: the refusal is a message on the page that follows."""
    try:
        yield
    except (NotFound, Forbidden) as error:
        raise _page_error(error) from error
    except DomainError as error:
        messages.error(request, error.message)


def _page_error(error: NotFound | Forbidden) -> Exception:
    return Http404() if isinstance(error, NotFound) else PermissionDenied(error.message)
