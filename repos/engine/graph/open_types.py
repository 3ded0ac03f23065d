"""Types that several files may add to, as Ruby's classes and modules: which of their openings stands for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from repos.engine.languages import BY_NAME
from repos.engine.languages.base import CONTAINERS, KINDS

if TYPE_CHECKING:
    from .scope import Unit

Path = tuple[bytes, ...]


@dataclass(slots=True)
class OpenTypes:
    """`first` gives for each opening of a type the one that stands for it; `outer` for `class A::B` that of A."""

    first: dict[int, int] = field(default_factory=dict)
    outer: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Opening:
    number: int
    path: Path
    file: str
    size: int  # lines


def open_types(units: Iterable[Unit]) -> OpenTypes:
    """The openings of a type share its path of names from the top. The one that stands for them is in the file that
    is named after it, as loaders of constants want it (`Shop::BigCart` in `shop/big_cart.rb`), else the longest."""
    found: dict[tuple[str, Path], list[Opening]] = {}
    apart: list[tuple[str, Opening, bytes]] = []
    for unit in units:
        if BY_NAME[unit.language].open_types:
            _read(unit, found, apart)
    types = OpenTypes()
    for family, opening, outer in sorted(apart, key=lambda item: (len(item[1].path), item[1].number)):
        home = _home(found, family, opening.path[:-1], outer)
        opening.path = (*home, opening.path[-1])
        found.setdefault((family, opening.path), []).append(opening)
    for openings in found.values():
        best = min(openings, key=lambda item: (not _named_after(item), -item.size, item.number))
        types.first.update((opening.number, best.number) for opening in openings)
    for family, opening, _ in apart:
        above = found.get((family, opening.path[:-1]))
        if above:
            types.outer[opening.number] = types.first[above[0].number]
    return types


def _read(unit: Unit, found: dict[tuple[str, Path], list[Opening]], apart: list[tuple[str, Opening, bytes]]) -> None:
    package = next((item.module for item in unit.facts.imports if item.package), "")
    family = f"{BY_NAME[unit.language].family} {package}"
    starts, ends, _, _, parents = unit.facts.definitions().tolist()
    paths: list[Path] = []
    for local, name in enumerate(unit.facts.definition_names):
        above = paths[parents[local]] if parents[local] >= 0 else ()
        outer = unit.facts.definition_types[local]
        kind = KINDS[unit.facts.definition_kinds[local]]
        own = kind in CONTAINERS
        # What stands in `class A::B` has that in its path as written.
        paths.append((*above, outer, name) if own and outer else (*above, name) if own else above)
        if own:
            opening = Opening(unit.first + local, (*above, name), unit.path, ends[local] - starts[local])
            if outer:
                apart.append((family, opening, outer))
            else:
                # In a package `class A` and `struct A<T>` are two types.
                group = f"{family} {kind}" if package else family
                found.setdefault((group, paths[-1]), []).append(opening)


def _home(found: dict[tuple[str, Path], list[Opening]], family: str, within: Path, outer: bytes) -> Path:
    """The path of the type that `outer` names, looked up from the inside out."""
    for depth in range(len(within), -1, -1):
        if (family, (*within[:depth], outer)) in found:
            return (*within[:depth], outer)
    return (outer,)


def _named_after(opening: Opening) -> bool:
    words: Sequence[str] = [_folded(name.decode("utf-8", "replace")) for name in opening.path]
    parts = [_folded(part) for part in opening.file.rpartition(".")[0].split("/")]
    return parts[-len(words) :] == words or len(words) == 1 and parts[-1:] == words


def _folded(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
