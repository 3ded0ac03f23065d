"""`manage.py set_plan TEAM PLAN [--seats N]`: until payment comes in by itself, an operator sets the plan."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Team
from billing.plans import PLANS
from billing.services import change_plan
from config.errors import DomainError


class Command(BaseCommand):
    help = "Put a team on a plan."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("team", help="the team's slug: the part after /t/ in its pages")
        parser.add_argument("plan", choices=[plan.key for plan in PLANS])
        parser.add_argument("--seats", type=int, default=1, help="seats paid for (Team plan)")

    def handle(self, *args: Any, **options: Any) -> None:
        team = Team.objects.filter(slug=options["team"]).first()
        if team is None:
            raise CommandError(f"There is no team {options['team']!r}: name it by the part after /t/ in its pages.")
        try:
            account = change_plan(team=team, plan=options["plan"], seats=options["seats"], actor=None)
        except DomainError as error:
            raise CommandError(error.message) from None
        seats = "1 seat" if account.seats == 1 else f"{account.seats} seats"
        self.stdout.write(f"{team.name} is on {account.get_plan_display()} with {seats}.")
