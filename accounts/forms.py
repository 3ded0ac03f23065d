"""What people may type on the pages of people and teams. Forms check shape; the verbs in `services` check rights."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts.access import holds
from accounts.models import Membership, Team, User
from accounts.roles import Right, Role, Scope, scopes_of
from accounts.services import roles_to_give
from config.errors import DomainError

ROLE_HELP = (
    "An owner does everything. An admin does everything but make owners, change the plan and delete the team. A member "
    "uses slices and sees their own spend. Billing sees spend, changes the plan and pays, never sees code, and needs "
    "no seat."
)


class RefusableForm(forms.Form):
    """A form that can show what a verb refused. `status` is the HTTP status of the page that shows it."""

    refusal: DomainError | None = None

    @property
    def status(self) -> int:
        if self.refusal is not None:
            return self.refusal.status
        return 400 if self.is_bound and self.errors else 200

    def refuse(self, error: DomainError) -> None:
        """Puts the refusal beside the fields it names, or above the form."""
        self.refusal = error
        named = {name: lines for name, lines in error.fields.items() if name in self.fields}
        for name, lines in named.items():
            for line in lines:
                self.add_error(name, line)
        if not named:
            self.add_error(None, error.message)


class TeamForm(RefusableForm):
    """Name your team."""

    name = forms.CharField(max_length=80, label="Team name")
    slug = forms.SlugField(
        max_length=50,
        required=False,
        label="Address",
        validators=Team._meta.get_field("slug").validators,
        help_text="The part after /t/ in the team's pages: small letters, digits and hyphens. Left empty, it is made "
        "from the name. It cannot be changed later.",
    )

    def clean_name(self) -> str:
        return visible_name(self.cleaned_data["name"])


class TeamNameForm(RefusableForm):
    name = forms.CharField(max_length=80, label="Team name")

    def clean_name(self) -> str:
        return visible_name(self.cleaned_data["name"])


class CloseTeamForm(RefusableForm):
    """The typed confirmation: the team's name, exactly."""

    confirmation = forms.CharField(max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team = team
        self.fields["confirmation"].label = f"Type the team's name, {team.name}, to confirm"

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        if typed != self.team.name:
            raise forms.ValidationError(f"This is not the team's name. Type “{self.team.name}” exactly as it is.")
        return typed


class InviteForm(RefusableForm):
    email = forms.EmailField(max_length=254, label="Email address")
    role = forms.TypedChoiceField(coerce=Role, initial=Role.MEMBER, help_text=ROLE_HELP)

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self.fields["role"], roles_to_give(membership))


class RoleForm(RefusableForm):
    role = forms.TypedChoiceField(coerce=Role, choices=Role.choices)


class KeyForm(RefusableForm):
    """A new API key. Which scopes and kinds are offered depends on the member's role."""

    PERSONAL, SERVICE = "personal", "service"

    name = forms.CharField(max_length=80, help_text="Where it will be used, such as “laptop” or “CI of the shop”.")
    kind = forms.ChoiceField(
        label="Belongs to", choices=[(PERSONAL, "Me: ends when I leave the team")], widget=forms.RadioSelect
    )
    scopes = forms.TypedMultipleChoiceField(
        coerce=Scope,
        label="What it may do",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one: a key without any could do nothing."},
    )
    expires_at = forms.DateField(
        required=False,
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="The key works to the end of this day, UTC. Left empty, it works until it is revoked.",
    )

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = scopes_of(Role(membership.role))
        set_choices(self.fields["scopes"], [scope for scope in Scope if scope in allowed])
        self.fields["scopes"].initial = [s for s in (Scope.CONTEXT_READ, Scope.USAGE_WRITE) if s in allowed]
        self.fields["kind"].initial = self.PERSONAL
        if holds(membership, Right.MANAGE_SERVICE_KEYS):
            kind = self.fields["kind"]
            assert isinstance(kind, forms.ChoiceField)
            kind.choices = [
                (self.PERSONAL, "Me: ends when I leave the team"),
                (self.SERVICE, "The team: a service key, for CI and servers; stays when people leave"),
            ]

    def clean_name(self) -> str:
        return visible_name(self.cleaned_data["name"])

    def clean_expires_at(self) -> datetime | None:
        """The first moment after the chosen day."""
        day = self.cleaned_data["expires_at"]
        if day is None:
            return None
        if day < timezone.now().date():
            raise forms.ValidationError("This day has passed. Choose a later one, or leave it empty.")
        if day.year > timezone.now().year + 10:
            raise forms.ValidationError("Choose a day within the next ten years, or leave it empty.")
        return datetime.combine(day + timedelta(days=1), time(), UTC)


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("name",)
        labels = {"name": "Your name"}  # noqa: RUF012
        help_texts = {"name": "Shown to the members of your teams. Without one, they see your email address."}  # noqa: RUF012

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"])


def one_line(text: str) -> str:
    """The text with runs of white space made one space, and without characters that cannot be seen."""
    return " ".join("".join(char for char in text if char.isprintable() or char.isspace()).split())


def visible_name(text: str) -> str:
    """As `one_line`; raises ValidationError when nothing is left."""
    name = one_line(text)
    if not name:
        raise forms.ValidationError("Type a name with at least one letter or digit that can be seen.")
    return name


def set_choices(field: forms.Field, choices: list[Role] | list[Scope]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = [(choice.value, choice.label) for choice in choices]
