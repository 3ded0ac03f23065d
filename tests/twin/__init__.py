"""A Stripe of our own for tests and for clicking through billing: a process on loopback that behaves as Stripe does.

`python -m tests.twin --port N` answers `/v1/...` as the installed SDK expects it (see `gate`), keeps everything in one
`World` of plain JSON rows, sends signed webhooks, and takes orders from tests under `/_twin/`.

A resource is one module in `resources/` with handlers under `@route`; a page to click is one in `pages/` under `@page`;
both packages are imported whole when the server starts. Handlers check before they write: nothing is rolled back.
"""
