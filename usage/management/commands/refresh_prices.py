"""`manage.py refresh_prices`: bring the price book to the installed price data at once, as the periodic task does."""

from typing import Any

from django.core.management.base import BaseCommand

from usage import pricebook
from usage.models import PriceRow, PriceVersion


class Command(BaseCommand):
    help = "Bring the price book to the installed price data. Events keep the prices they were priced with."

    def handle(self, *args: Any, **options: Any) -> None:
        before = PriceVersion.objects.order_by("-number").values_list("number", flat=True).first()
        number = pricebook.refresh()
        if number == before:
            self.stdout.write(f"Nothing changed: the price book stays at version {number}.")
            return
        new = PriceRow.objects.filter(version=number).count()
        retired = PriceRow.objects.filter(retired_in=number).count()
        self.stdout.write(f"The price book is at version {number}: {new} new prices, {retired} retired.")
