"""The one immutable file that holds a commit's sources, postings and graph. In reading order:

- `file`: a snapshot when it is open; `container`: named sections after a checked header, and nothing of what they mean;
- `tables`: what the sections are called and how they look when open; `terms`, `sources`: those of postings and texts.
"""
