"""Who acts: a person in the browser, a principal of the API, or Pare itself."""

from accounts.access import Principal
from accounts.models import User

Actor = User | Principal | None


def user_of(actor: Actor) -> User | None:
    """The person behind the actor; None for service keys and for Pare itself."""
    if isinstance(actor, Principal):
        return User.objects.filter(pk=actor.user_id).first() if actor.user_id else None
    return actor
