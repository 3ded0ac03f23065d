"""Mail about an account: one plain sentence of what happened, then when and from where, and what to do."""

from pathlib import Path

import pytest
from django.template.loader import render_to_string

TEMPLATES = Path(__file__).resolve().parents[2] / "config/templates"
MESSAGES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.glob("*/email/*_message.txt"))
BASES = {"account/email/base_message.txt"}
CONTEXT = {
    "code": "AB12-CD34",
    "email": "olga@acme.example",
    "from_email": "olga@acme.example",
    "to_email": "olga@new.example",
    "deleted_email": "olga@old.example",
    "password_reset_url": "https://pare.example/reset?a=1&b=2",
    "signup_url": "https://pare.example/account/signup/",
    "ip": "192.0.2.1",
    "user_agent": "Firefox & friends",
    "timestamp": "2026-11-22 10:00 UTC",
    "current_site": {"domain": "pare.example"},
}


@pytest.mark.parametrize("name", [name for name in MESSAGES if name not in BASES])
def test_a_mail_is_plain_text_and_signed(name: str) -> None:
    text = render_to_string(name, CONTEXT).strip()
    assert text.endswith("Pare, pare.example")
    assert "{{" not in text and "&amp;" not in text and "!" not in text
    assert len(text.splitlines()[0]) > 20


@pytest.mark.parametrize("name", MESSAGES)
def test_every_mail_has_a_subject_of_one_line(name: str) -> None:
    if name not in BASES:
        subject = render_to_string(name.replace("_message.txt", "_subject.txt"), CONTEXT).strip()
        assert subject and len(subject.splitlines()) == 1 and subject[-1] not in ".!"


def test_the_code_stands_alone_on_its_line() -> None:
    text = render_to_string("account/email/email_confirmation_message.txt", CONTEXT)
    assert "AB12-CD34" in text.splitlines()
