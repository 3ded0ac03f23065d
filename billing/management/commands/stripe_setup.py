"""`manage.py stripe_setup`: products, prices, portal and webhook endpoint, in the account of STRIPE_SECRET_KEY."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from billing import gateway, prices


class Command(BaseCommand):
    help = "Make the Stripe account ready: products, prices, customer portal and webhook endpoint. Safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pro-yearly", metavar="USD", help="sell Pro by the year too, at this price a year")
        parser.add_argument("--team-yearly", metavar="USD", help="sell Team by the year too, at this price a seat")
        parser.add_argument(
            "--replace", action="store_true", help="where Stripe has another price, sell at the new one from now on"
        )
        parser.add_argument("--no-webhook", action="store_true", help="leave webhook endpoints as they are")

    def handle(self, *args: Any, **options: Any) -> None:
        given = {"pro": options["pro_yearly"], "team": options["team_yearly"]}
        yearly = {plan: cents_of(amount) for plan, amount in given.items() if amount is not None}
        webhook_url = "" if options["no_webhook"] else f"{settings.SITE_ROOT}{reverse('stripe_webhook')}"
        try:
            report = prices.set_up(webhook_url=webhook_url, yearly=yearly, replace=options["replace"])
        except gateway.NoStripeKey:
            raise CommandError("STRIPE_SECRET_KEY is not set: there is no Stripe account to set up.") from None
        except gateway.StripeUnavailable as error:
            raise CommandError(f"Stripe does not answer; run this again later. {error}") from None
        except gateway.StripeRefused as error:
            raise CommandError(error.message) from None
        for line in report.lines:
            self.stdout.write(line)
        if report.webhook_secret:
            self.stdout.write(
                f"\nSet STRIPE_WEBHOOK_SECRET={report.webhook_secret}\nand restart. Stripe shows this secret only now."
            )


def cents_of(amount: str) -> int:
    """ "190" or "190.50" dollars as cents."""
    try:
        cents = Decimal(amount) * 100
        if cents == int(cents) and 0 < cents < 100_000_000:
            return int(cents)
    except (InvalidOperation, OverflowError, ValueError):
        pass
    raise CommandError(f"{amount} is no price: give dollars, such as 190 or 190.50.")
