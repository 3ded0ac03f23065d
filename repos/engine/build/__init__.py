"""A tree -> a snapshot file. In reading order:

- `build`: the whole way; `reading`: which files, and their facts; `manifests`: what import resolution may look at;
- `columns`: the flat arrays of files, symbols and blocks; `assemble`: the sections of the snapshot;
- `incremental`: the same on the snapshot before, with `past` (what that one tells), `affected` (which files are linked
  again), `bound` (what a file's bindings tell to others) and `terms` (postings taken over);
- `spill`, `memory`: what keeps memory low in the middle of it.
"""
