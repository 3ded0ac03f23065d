"""A team's life with the twin as Stripe: what people, workers and time do.

Our clock is moved along with the twin's, so that a grace or a period can pass.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import StringIO
from typing import Any
from unittest.mock import patch

from django.apps import apps
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Invitation, Membership
from accounts.roles import Role
from accounts.services import accept_invitation, change_role, close_team, remove_member
from billing import changes, grace, inbox, reconcile, services, sync
from billing.gateway import StripeUnavailable
from billing.models import BillingAccount, StripeChange, Subscription
from config.errors import DomainError
from tests.billing.buying import session_in
from tests.factories import make_team, make_user
from tests.twin.clicks import Screen
from tests.twin.client import WEBHOOK, Row, TwinClient

real_now = timezone.now
# Seconds; enough for each wait of the outbox, of a claim's lease and of the sweeps to be over.
NAP = 3700
MOST_NAPS = 80
MOST_TRIES = 8
LARGEST_BURST = 8
# Columns that are filled in with the time, which they look up for themselves.
DEFAULTS = [
    (field, "_get_default")
    for model in apps.get_app_config("billing").get_models()
    for field in model._meta.concrete_fields
    if field.default is timezone.now
]


class Life:
    """One team, its owner, and a customer at an account of the twin that is emptied for it."""

    def __init__(self, twin: TwinClient) -> None:
        self.twin = twin
        cache.clear()
        BillingAccount.objects.all().delete()  # of earlier lives; their customers are gone from the twin
        twin.chaos(fail_500=0, time_out=0, rate_limit=0)
        twin.reset(webhook="http://pare.example" + WEBHOOK)
        twin.chaos(hold=True)
        call_command("stripe_setup", pro_yearly=190, team_yearly=290, stdout=StringIO())
        self.owner = make_user()
        self.team = make_team(f"Acme {secrets.token_hex(4)}", owner=self.owner)
        self.client = Client()
        self.page = ""  # of Stripe's, open in somebody's browser
        self.refused: Counter[str] = Counter()
        self.late = self.burst = False

    @contextmanager
    def in_twin_time(self) -> Iterator[None]:
        """Django's clock shows what the twin's shows."""
        ahead = timedelta(seconds=round(self.twin.now() - real_now().timestamp()))
        with ExitStack() as stack:
            for holder, name in [(timezone, "now"), *DEFAULTS]:
                stack.enter_context(patch.object(holder, name, lambda: real_now() + ahead))
            yield

    def attempt(self, act: Any, *arguments: Any, **named: Any) -> Any:
        """What a person tries, at the twin's time. A refusal is counted and gives None, an error fails."""
        with self.in_twin_time():
            try:
                return act(*arguments, **named)
            except DomainError as error:
                assert error.status < 500 or error.code == "stripe_unavailable", error
                self.refused[error.code] += 1
                return None

    def insist(self, act: Callable[[], Any]) -> None:
        """Does it again as long as Stripe does not answer, as a person would."""
        for _ in range(MOST_TRIES):
            before = self.refused["stripe_unavailable"]
            act()
            if self.refused["stripe_unavailable"] == before:
                return
        raise AssertionError("Stripe never answered.")

    # What people do

    def choose(self, plan: str, interval: str = "month") -> Any:
        """As the billing page does: Checkout without a subscription, else a change of it."""
        named = {"team": self.team, "plan": plan, "interval": interval, "actor": self.owner}
        if plan != "starter" and not Subscription.objects.for_team(self.team).live().exists():
            url = self.attempt(services.open_checkout, **named)
            self.page = url or self.page
            return url
        return self.attempt(services.change_subscription, **named)

    def pay(self, card: str = "good", *, bank: str = "Complete", returns: bool = True) -> Screen | None:
        """Pays on the page that is open; None when it has ended. `returns`: the browser follows to our page."""
        try:
            screen = self.twin.pay_checkout(self.page, card, bank=bank)
        except LookupError:
            return None
        if screen.left_for and returns and "session_id" in screen.left_for:
            self.attempt(services.confirm_checkout, team=self.team, session_id=session_in(screen.left_for))
        return screen

    def resume(self) -> Any:
        return self.attempt(services.resume, team=self.team, actor=self.owner)

    def pay_again(self) -> Any:
        return self.attempt(services.retry_payment, team=self.team, actor=self.owner)

    def look(self) -> Any:
        """The button that asks Stripe now."""
        return self.attempt(services.refresh, self.team)

    def visit_portal(self, act: str, *arguments: str) -> None:
        """Does in the portal what it offers: "update_card", "cancel", "resume"."""
        back = "http://pare.example/"
        url = self.attempt(services.portal_url, team=self.team, actor=self.owner, fix_card=False, return_url=back)
        if url:
            try:
                getattr(self.twin.portal(url), act)(*arguments)
            except LookupError:
                self.refused[f"portal:{act}"] += 1

    def join(self, role: Role = Role.MEMBER) -> Membership | None:
        """Somebody accepts an invitation."""
        person = make_user()
        digest = sha256(secrets.token_bytes(8)).digest()
        expires = self.now() + timedelta(days=7)
        invitation = Invitation.objects.create(
            team=self.team, email=person.email, role=role, token_digest=digest, expires_at=expires
        )
        joined: Membership | None = self.attempt(accept_invitation, invitation=invitation, user=person)
        return joined

    def others(self) -> list[Membership]:
        return list(Membership.objects.for_team(self.team).exclude(user=self.owner).order_by("pk"))

    def leave(self) -> None:
        for membership in self.others()[:1]:
            self.attempt(remove_member, membership=membership, actor=self.owner)

    def change_role_of_last(self, role: Role) -> None:
        for membership in self.others()[-1:]:
            self.attempt(change_role, membership=membership, role=role, actor=self.owner)

    def close(self) -> None:
        self.attempt(close_team, team=self.team, actor=self.owner)
        self.team.refresh_from_db()

    def standing(self) -> tuple[str, str, int]:
        """The plan the team has, the status of its newest subscription, and the seats of that."""
        newest = Subscription.objects.for_team(self.team).latest("created_at")
        with self.in_twin_time():
            return services.plan_of(self.team).key, newest.status, newest.quantity

    def situation(self) -> set[str]:
        """Words for what holds now, by our rows."""
        words = set(BillingAccount.objects.filter(team=self.team).values_list("plan", flat=True))
        for row in Subscription.objects.for_team(self.team):
            words |= {row.status, "yearly"} if row.interval == "year" else {row.status}
            words |= {"subscription"} if row.is_live else set()
            words |= {"planned"} if row.next_plan or row.cancel_at else set()
            words |= {"unpaid change"} if row.pending_until else set()
        words |= {"closed"} if self.team.closed_at else set()
        return words | ({"refused"} if self.refused else set())

    def story(self) -> str:
        """What was asked of Stripe, for whoever reads a failure."""
        lines = [
            f"{change.created_at} {change.kind} {change.wanted} {change.request}: {change.state} {change.error_code}"
            for change in StripeChange.objects.for_team(self.team).order_by("pk")
        ]
        return "\n".join([f"Now {self.now()}, rows say {self.situation()}.", *lines])

    # What happens by itself

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.twin.now(), UTC)

    def pass_time(self, **by: float) -> None:
        self.twin.advance(**by)

    def trouble(self, *, late: bool = False, burst: bool = False, **mishaps: Any) -> None:
        """From now on things go wrong: the twin's mishaps, webhooks that wait for `settle`, or come all at once."""
        self.late, self.burst = late, burst
        self.twin.chaos(**mishaps)

    def deliver(self, order: str = "given") -> None:
        """Webhooks arrive; those that are answered with an error are sent again."""
        if self.late:
            return
        letters = self.twin.letters(order)
        with self.in_twin_time(), ThreadPoolExecutor(LARGEST_BURST if self.burst else 1) as pool:
            answers = list(pool.map(self._receive, letters))
        results = dict(zip([letter["id"] for letter in letters], answers, strict=True))
        self.twin.order("POST", "report", results=results)

    def _receive(self, letter: Row) -> int:
        headers = {"Stripe-Signature": letter["signature"]}
        try:
            answer = self.client.post(
                WEBHOOK, data=letter["payload"], content_type="application/json; charset=utf-8", headers=headers
            )
            return int(answer.status_code)
        finally:
            connection.close()  # of this thread

    def work(self) -> None:
        """One round of the workers: sweeps, what is due, what has rung."""
        with self.in_twin_time():
            grace.watch_grace(timezone.now())
            for account in changes.find_work():
                changes.work(account)
            rung = inbox.waiting_customers(timezone.now() + inbox.OVERDUE)
            for customer in {*rung, *changes.accounts_to_sync()}:
                try:
                    sync.sync_customer(customer)
                except StripeUnavailable:
                    self.refused["sync"] += 1

    def settle(self) -> None:
        """The mishaps end, and everything that was on its way arrives."""
        self.late = False
        self.twin.chaos(fail_500=0, time_out=0, rate_limit=0, drop=False, duplicate=0, reorder=False, late_retry=False)
        quiet = 0
        for _ in range(MOST_NAPS):
            self.deliver()
            self.work()
            quiet = 0 if self.is_busy() else quiet + 1
            if quiet == 2:  # what was refused is asked again after a while
                return
            self.pass_time(seconds=NAP)
        raise AssertionError(f"Still busy: {list(StripeChange.objects.open())}, refused {self.refused}")

    def is_busy(self) -> bool:
        with self.in_twin_time():
            return bool(StripeChange.objects.open().exists() or changes.find_work() or self.twin.held())

    def reconcile(self) -> None:
        with self.in_twin_time():
            reconcile.reconcile()
