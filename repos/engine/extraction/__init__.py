"""Bytes of one file -> facts, in processes of their own. In reading order:

- `facts`: what is kept of one blob; `heads`: the part of it that other files' edges depend on;
- `extract`: from bytes to facts, by way of `parse` (what the query captures), `definitions`, `blocks`, `references`,
  and `bindings` with `values` (what names and expressions stand for);
- `counting`, `postings`: how often each term stands in each block, counted for many files at once, and merged;
- `workers`: the parser processes as seen from the build; `worker`: the program that each of them runs.
"""
