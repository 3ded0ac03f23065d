"""The pages that Stripe hosts, one module each; `load` imports them all, which registers their addresses."""

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
