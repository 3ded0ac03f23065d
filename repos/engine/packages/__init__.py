"""The packages of a snapshot, what depends on what, in which layers and cycles: a level at a time."""

from .folder_level import package_level
from .layering import layers_of
from .level import MOST, Box, BoxKind, Dependency, Level, box_at

__all__ = ["MOST", "Box", "BoxKind", "Dependency", "Level", "box_at", "layers_of", "package_level"]
