"""Facts of all files -> edges. The rules in words: docs/graph.md. In reading order:

- `scope`: what names stand for at the top of each file, and the tables of all definitions; beside it `everywhere` and
  `included`, for imports that hold for other files or bring in whole ones, and `open_types`, for types that several
  files add to;
- `resolve`: the linker, from a name, member or call to what it means and how sure that is;
- `meaning`: the same for the values that one file mentions;
- `overrides`, `implements`: edges that no mention makes, between members and between types;
- `edges`: the linker run over all references, packed into flat arrays; `rows`: one edge on the way there;
- `needed`: which files must be read to resolve some;
- `expression`: the text of an edge, read when it is shown.
"""
