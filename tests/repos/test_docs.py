"""docs/repositories.md names every code that linking, a run or a slice may answer with."""

import re
from pathlib import Path

from repos import errors, secrets
from repos.engine import errors as engine_errors
from repos.polling import POLL_SECONDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "repositories.md").read_text(encoding="utf-8")
# Codes of AddressRefused and of runs that are no class of their own.
MORE = {
    "scheme_not_allowed", "credentials_in_address", "local_not_allowed", "host_not_allowed", "branch_invalid",
    "token_invalid", "symbol_cap_reached", "index_timeout", "worker_lost", "internal_error",
}  # fmt: skip


def codes() -> set[str]:
    git = {kind.code for kind in engine_errors.GitError.__subclasses__()}
    ours = {
        kind.code
        for kind in vars(errors).values()
        if isinstance(kind, type) and kind.__module__ == errors.__name__ and hasattr(kind, "code")
    }
    return git | ours | MORE | {secrets.SecretUnreadable.code}


def test_every_code_is_explained() -> None:
    assert {code for code in codes() - {"invalid"} if f"`{code}`" not in PAGE} == set()


def test_the_page_says_how_often_it_checks() -> None:
    said = re.search(r"every (\d+) minutes on Team, (\d+) on Pro, (\d+) on Starter", PAGE)
    assert said is not None
    assert [int(minutes) * 60 for minutes in said.groups()] == [POLL_SECONDS[key] for key in ("team", "pro", "starter")]
