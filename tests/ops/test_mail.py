"""Mail in the log: the code to type must be easy to find, and a copy is kept."""

import email
import email.policy
import stat

import pytest
from django.core.mail import EmailMessage, get_connection
from pytest_django import Settings

from config import mail

BODY = """Hello from Pare,

Your e-mail verification code is listed below. Please enter it in your open browser window.

CZBW-QSPV

This mail can be safely ignored if you did not ask for it."""


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: object) -> None:
    settings.PARE_MAIL = tmp_path / "mail"  # type: ignore[operator]


def send(body: str, subject: str = "Confirm your e-mail") -> None:
    message = EmailMessage(subject, body, "pare@acme.example", ["olga@acme.example"])
    message.connection = get_connection("config.mail.LogBackend")
    assert message.send() == 1


def test_the_code_has_a_line_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    send(BODY)
    lines = capfd.readouterr().out.splitlines()
    assert "  To: olga@acme.example" in lines
    assert "  Subject: Confirm your e-mail" in lines
    assert lines[-2] == "  >>> Code to type: CZBW-QSPV"
    assert lines[0].startswith("MAIL ---") and lines[-1].startswith("MAIL END ---")


@pytest.mark.parametrize("code", ["ABC-123", "K7PW4Q", "48213377", "BCDF-GHJK"])
def test_codes_of_other_shapes_are_found(code: str, capfd: pytest.CaptureFixture[str]) -> None:
    send(f"Your code:\n\n{code}\n\nBye")
    assert f">>> Code to type: {code}" in capfd.readouterr().out


def test_an_invitation_shows_its_link(capfd: pytest.CaptureFixture[str]) -> None:
    send("Olga invites you:\nhttp://127.0.0.1:8000/invitation/abc/\nValid for 7 days.", "Join Acme")
    assert ">>> Link to open: http://127.0.0.1:8000/invitation/abc/" in capfd.readouterr().out


def test_a_mail_without_either_is_just_shown(capfd: pytest.CaptureFixture[str]) -> None:
    send("Your password was changed.")
    assert ">>>" not in capfd.readouterr().out


def test_a_copy_is_kept_for_its_owner_only(settings: Settings) -> None:
    send(BODY)
    (copy,) = settings.PARE_MAIL.glob("*.eml")
    message = email.message_from_bytes(copy.read_bytes(), policy=email.policy.default)
    assert message["To"] == "olga@acme.example"
    assert "CZBW-QSPV" in message.get_content()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.PARE_MAIL.stat().st_mode) == 0o700


def test_copies_do_not_pile_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "KEPT", 3)
    for number in range(5):
        send(f"number {number}")
    kept = sorted(settings.PARE_MAIL.iterdir())
    assert len(kept) == 3
    assert b"number 2" in kept[0].read_bytes() and b"number 4" in kept[-1].read_bytes()
