"""One module for each family of Stripe's resources; `load` imports them all, which registers their routes."""

from importlib import import_module
from pkgutil import walk_packages


def load() -> None:
    for module in walk_packages(__path__, f"{__name__}."):
        import_module(module.name)
