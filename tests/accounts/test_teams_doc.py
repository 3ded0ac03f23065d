"""The page about people and teams says what the code does."""

import re

from django.conf import settings
from django.contrib.auth.password_validation import MinimumLengthValidator, get_default_password_validators

from accounts.api_keys import CACHE_SECONDS
from accounts.models import INVITATION_LIFETIME
from accounts.roles import ROLE_RIGHTS, Right, Role
from accounts.services.invitations import RESEND_AFTER, SENDS_PER_ADDRESS

ROWS = {
    "use slices, send usage, own API keys": {Right.SEE_CODE, Right.SEND_USAGE, Right.MANAGE_OWN_KEYS},
    "see own spend": {Right.SEE_OWN_SPEND},
    "see the team's spend": {Right.SEE_TEAM_SPEND},
    "link repositories, service keys": {Right.MANAGE_REPOSITORIES, Right.MANAGE_SERVICE_KEYS},
    "invite, change roles, remove members": {Right.MANAGE_MEMBERS},
    "rename the team, read the audit log": {Right.MANAGE_TEAM, Right.SEE_AUDIT},
    "see the plan": {Right.SEE_BILLING},
    "change the plan": {Right.MANAGE_BILLING},
    "delete the team": {Right.CLOSE_TEAM},
}
PAGE = (settings.BASE_DIR / "docs" / "teams.md").read_text(encoding="utf-8")


def test_the_table_of_roles_says_what_the_roles_may_do() -> None:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", PAGE, re.M)]
    head, said = cells[0], {row[0]: row[1:] for row in cells[2:]}
    assert head[1:] == [role.value for role in Role]
    assert set(said) == set(ROWS)
    for label, rights in ROWS.items():
        for role, cell in zip(Role, said[label], strict=True):
            assert (cell != "no") == (rights <= ROLE_RIGHTS[role]), (label, role)
            assert (cell == "no") == (not rights & ROLE_RIGHTS[role]), (label, role)
    assert set().union(*ROWS.values()) | {Right.SEE_TEAM} == set(Right)


def test_its_numbers_are_those_of_the_code() -> None:
    assert (CACHE_SECONDS, INVITATION_LIFETIME.days, SENDS_PER_ADDRESS) == (30, 7, 5)
    assert RESEND_AFTER.seconds == 5 * 60
    length = next(one for one in get_default_password_validators() if isinstance(one, MinimumLengthValidator))
    for text in ("stops within 30 seconds", "seven days", "at most five", f"{length.min_length} characters"):
        assert text in PAGE
    assert "after five minutes" in PAGE
