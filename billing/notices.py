"""Mails about plans and payments, to owners and to members with the billing role: each fact is told once."""

from typing import Any

from billing.models import BillingAccount, Notice, NoticeKind


def request(account: BillingAccount, kind: NoticeKind, *, key: str, facts: dict[str, Any]) -> bool:
    """Notes that a mail is due, in the caller's transaction; False when this fact was told before."""
    _, is_new = Notice.objects.get_or_create(account=account, kind=kind, key=key, defaults={"facts": facts})
    return is_new
