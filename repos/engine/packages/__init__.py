"""The packages of a snapshot, what depends on what, in which layers and cycles: a level at a time. In reading order:

- `level`: what a level says; `folder_level` and `symbols`: how that of a folder and that of a file are made;
- `folders`, `links`: folders with all below them and edges between files, added up once a snapshot;
- `layering`: layers and cycles of a small graph.
"""

from .folder_level import package_level
from .layering import layers_of
from .level import MOST, Box, BoxKind, Dependency, Level, box_at

__all__ = ["MOST", "Box", "BoxKind", "Dependency", "Level", "box_at", "layers_of", "package_level"]
