"""The code of a repository over the API: its packages and what uses what, and one symbol with what is round it."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Scope
from config.errors import NotFound
from repos import services
from repos.api.repositories import TAG, RepositoryMixin, sendable
from repos.api.serializers import SymbolSerializer
from repos.engine.around import RELATIONS, Neighbours
from repos.engine.packages import Level
from repos.errors import BadSliceRequest, NotIndexedYet, RepositoryPaused
from repos.models import Repository
from repos.text import plain

LONGEST_PATH = 5000
LARGEST = 1_000_000  # of a number that is asked for


class BoxSerializer(serializers.Serializer[Any]):
    """A package, the files directly in one (`own`), a file, a symbol, or all others (`rest`)."""

    kind = serializers.ChoiceField(choices=["package", "own", "file", "symbol", "rest"])
    path = serializers.CharField(help_text="Ask for `at` this path to see what is in it.")
    name = serializers.CharField(help_text="Relative to the level; a symbol's is its qualified name.")
    symbol_kind = serializers.CharField(help_text="Of a symbol; else empty.")
    line = serializers.IntegerField(help_text="The first of a symbol; else 0.")
    files = serializers.IntegerField()
    lines = serializers.IntegerField()
    symbols = serializers.IntegerField()
    tests = serializers.BooleanField(help_text="Whether most of it is tests.")
    layer = serializers.IntegerField(help_text="0 uses nothing else here, but for what closes a cycle.")
    cycle = serializers.IntegerField(allow_null=True, help_text="Its place in `cycles`; null: in none.")


class DependencySerializer(serializers.Serializer[Any]):
    """`user` uses `used`: places in `boxes`. `closes`: it leads against the layers and closes a cycle."""

    user = serializers.IntegerField()
    used = serializers.IntegerField()
    count = serializers.IntegerField(help_text="Edges.")
    kinds = serializers.DictField(child=serializers.IntegerField())
    confidences = serializers.DictField(child=serializers.IntegerField())
    closes = serializers.BooleanField()


class GraphSerializer(serializers.Serializer[Any]):
    """At most 40 boxes, the largest first; `uses` and `used` count the edges out of the path and into it."""

    commit = serializers.CharField()
    at = serializers.CharField()
    part = serializers.IntegerField()
    parts = serializers.IntegerField()
    uses = serializers.IntegerField()
    used = serializers.IntegerField()
    boxes = BoxSerializer(many=True)
    dependencies = DependencySerializer(many=True)
    cycles = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))


class NeighbourSerializer(serializers.Serializer[Any]):
    """The other end of an edge. `path`, `line`, `column` (0-based, in bytes) and `expression` say where and how."""

    symbol = SymbolSerializer(allow_null=True, help_text="null: the edge ends at a file as a whole.")
    file = serializers.CharField(help_text="The file that the other end is in.")
    path = serializers.CharField(help_text="The file that the edge is written in.")
    line = serializers.IntegerField()
    column = serializers.IntegerField()
    expression = serializers.CharField()
    confidence = serializers.ChoiceField(choices=["certain", "likely", "guess"])


class NeighboursSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    items = NeighbourSerializer(many=True)


class AroundSerializer(serializers.Serializer[Any]):
    """A symbol, the beginning of its definition, and 20 neighbours at most in each relation; `of` has the others."""

    commit = serializers.CharField()
    symbol = SymbolSerializer()
    definition = serializers.CharField(help_text="Its first 400 lines at most; empty when `of` is asked for.")
    relations = serializers.DictField(
        child=NeighboursSerializer(), help_text=f"By relation, without empty ones: {', '.join(RELATIONS)}."
    )


PATH = OpenApiParameter("path", str, required=True, description="The file.")
NAME = OpenApiParameter("qualified", str, required=True, description="Its qualified name, such as Cart.total.")


@extend_schema_view(
    get=extend_schema(
        tags=TAG,
        operation_id="repositories_graph",
        responses=GraphSerializer,
        parameters=[
            OpenApiParameter("at", str, description="A folder or file; the whole repository when left out."),
            OpenApiParameter("part", int, description="Where there are more than 40 boxes: the next largest ones."),
            OpenApiParameter("guesses", bool, description="true counts edges of the confidence guess, too."),
        ],
    )
)
class RepositoryGraph(RepositoryMixin, GenericAPIView[Repository]):
    """What uses what, a level at a time: packages, then files, then the symbols of a file."""

    scope = Scope.CONTEXT_READ
    errors = {"GET": (RepositoryPaused, NotIndexedYet, BadSliceRequest)}
    serializer_class = GraphSerializer

    def get(self, request: Request, public_id: UUID) -> Response:
        repository, asked = self.repository(), request.query_params
        path, part = asked.get("at", ""), _number(request, "part", 1)
        guesses = asked.get("guesses", "").lower() in {"true", "1"}
        level = services.look_at_packages(repository=repository, path=path[:LONGEST_PATH], part=part, guesses=guesses)
        if level is None:
            raise NotFound
        return Response(_level(level, _commit(repository)))


@extend_schema_view(
    get=extend_schema(
        tags=TAG,
        operation_id="repositories_symbol",
        responses=AroundSerializer,
        parameters=[
            PATH,
            NAME,
            OpenApiParameter("line", int, description="Of several with this name in the file: the nearest to it."),
            OpenApiParameter("of", str, enum=list(RELATIONS), description="This relation alone, 50 at a time."),
            OpenApiParameter("page", int, description="Of that relation, from 1 on."),
        ],
    )
)
class RepositorySymbol(RepositoryMixin, GenericAPIView[Repository]):
    """One symbol by file and qualified name, which outlive a snapshot, with who uses it and what it uses."""

    scope = Scope.CONTEXT_READ
    errors = {"GET": (RepositoryPaused, NotIndexedYet, BadSliceRequest)}
    serializer_class = AroundSerializer

    def get(self, request: Request, public_id: UUID) -> Response:
        repository, asked = self.repository(), request.query_params
        of = asked.get("of")
        only = next((one for one in RELATIONS if one == of), None)
        if of and only is None:
            raise BadSliceRequest("of", f"Use one of: {', '.join(RELATIONS)}.")
        address = services.Address(
            asked.get("path", "")[:LONGEST_PATH], asked.get("qualified", "")[:LONGEST_PATH], _number(request, "line", 0)
        )
        page = _number(request, "page", 1) if only else 1
        looked = services.look_at_symbol(repository=repository, address=address, page=page, only=only)
        if looked.symbol is None:
            raise NotFound
        relations = {one.relation: _neighbours(one) for one in looked.relations if one.total or only}
        definition = plain("\n".join(looked.lines))
        found = {"symbol": sendable(looked.symbol), "definition": definition, "relations": relations}
        return Response({"commit": _commit(repository), **found})


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 8 and 1 <= int(text) <= LARGEST):
        raise BadSliceRequest(name, f"Use a whole number from 1 to {LARGEST:,}.")
    return int(text)


def _commit(repository: Repository) -> str:
    return repository.snapshot.commit if repository.snapshot else ""


def _level(level: Level, commit: str) -> dict[str, Any]:
    return {
        "commit": commit, "at": plain(level.path), "part": level.part, "parts": level.parts, "uses": level.uses,
        "used": level.used,
        "boxes": [
            {
                "kind": box.kind, "path": plain(box.path), "name": plain(box.name), "symbol_kind": box.word,
                "line": box.line, "files": box.files, "lines": box.lines, "symbols": box.symbols, "tests": box.tests,
                "layer": box.layer, "cycle": box.cycle if box.cycle >= 0 else None,
            }
            for box in level.boxes
        ],
        "dependencies": [
            {
                "user": one.source, "used": one.target, "count": one.count, "kinds": one.kinds,
                "confidences": one.confidences, "closes": one.closes,
            }
            for one in level.dependencies
        ],
        "cycles": level.cycles,
    }  # fmt: skip


def _neighbours(found: Neighbours) -> dict[str, Any]:
    items = [
        {
            "symbol": sendable(one.symbol) if one.symbol else None,
            "file": plain(one.path),
            "path": plain(one.edge.path),
            "line": one.edge.line,
            "column": one.edge.column,
            "expression": plain(one.edge.expression),
            "confidence": one.edge.confidence,
        }
        for one in found.items
    ]
    return {"total": found.total, "items": items}
