"""`manage.py stripe_sync [TEAM] [--detach]`: the operator's way to put right what went wrong with Stripe."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import gateway, sync
from billing.models import BillingAccount
from billing.prices import refresh_prices


class Command(BaseCommand):
    help = "Make the rows of a team, or of all teams, equal to Stripe's state now, and say what was different."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("team", nargs="?", help="the team's slug: the part after /t/ in its pages; all without it")
        parser.add_argument(
            "--detach",
            action="store_true",
            help="forget the team's customer at Stripe for good; its plan ends, and it can start anew",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        slug: str | None = options["team"]
        if options["detach"]:
            self.detach(slug)
            return
        if not gateway.is_configured():
            raise CommandError("STRIPE_SECRET_KEY is not set: there is no Stripe account to look at.")
        accounts = BillingAccount.objects.exclude(stripe_customer_id=None).select_related("team").order_by("team__slug")
        if slug:
            accounts = accounts.filter(team__slug=slug)
            if not accounts:
                raise CommandError(f"There is no team {slug!r} with a customer at Stripe.")
        try:
            if not slug and refresh_prices():
                self.stdout.write("prices: brought up to Stripe's")
        except gateway.GatewayError as error:
            raise CommandError(f"Stripe was asked for its prices. {error}") from None
        failed = [account.team.slug for account in accounts if not self.look(account)]
        if failed:
            raise CommandError(f"Not looked at: {', '.join(failed)}. Run this again later.")

    def look(self, account: BillingAccount) -> bool:
        """One line for each difference. False when Stripe did not let us."""
        name = account.team.slug
        try:
            look = sync.look_at(account.stripe_customer_id or "")
        except gateway.GatewayError as error:
            self.stderr.write(f"{name}: {error}")
            return False
        account.refresh_from_db()
        lines = [str(difference) for difference in look.differences] or ["as Stripe has it"]
        if look.plan_changed:
            lines.append(f"plan: {account.get_plan_display()} now")
        self.stdout.write("\n".join(f"{name}: {line}" for line in lines))
        return True

    def detach(self, slug: str | None) -> None:
        account = BillingAccount.objects.filter(team__slug=slug or "").exclude(stripe_customer_id=None).first()
        if account is None:
            raise CommandError("Name a team that has a customer at Stripe: by the part after /t/ in its pages.")
        customer = account.stripe_customer_id or ""
        check_pays_for_nothing(account.team.slug, customer)
        sync.detach(customer)
        self.stdout.write(f"{slug}: the customer {customer} is forgotten here. At Stripe nothing was changed.")


def check_pays_for_nothing(slug: str, customer: str) -> None:
    """Raises CommandError while Stripe would go on charging a customer that nobody here knows any more."""
    try:
        running = sync.choose(gateway.fetch_customer(customer).subscriptions)
    except gateway.StripeMissing:
        return
    except gateway.GatewayError as error:
        raise CommandError(f"Stripe was asked whether {slug} still pays for anything. {error}") from None
    if running:
        raise CommandError(f"{slug} still pays for {running.id}: cancel that at Stripe, then run this again.")
