"""What people may type on the pages of repositories. The verbs in `services` check what it means."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings

from accounts.forms import RefusableForm
from repos.errors import NotLinked
from repos.models import Auth, Repository

DEFAULT_BUDGET = 8000
BUDGETS = (2000, 4000, 8000, 16000, 32000)


class LinkForm(RefusableForm):
    """Link a repository."""

    url = forms.CharField(
        max_length=1000,
        label="Address",
        help_text="The one to clone from: https://host/acme/shop or git@host:acme/shop.git.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    auth = forms.ChoiceField(
        choices=[
            (Auth.NONE, "It is public"),
            (Auth.TOKEN, "With an access token (https address)"),
            (Auth.DEPLOY_KEY, "With a deploy key that Pare makes (ssh address)"),
        ],
        initial=Auth.NONE,
        widget=forms.RadioSelect,
        label="How may Pare read it?",
    )
    token = forms.CharField(
        max_length=1024,
        required=False,
        label="Access token",
        help_text="Only the right to read the code is needed. It is stored encrypted and never shown again.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    branch = forms.CharField(
        max_length=255, required=False, label="Branch", help_text="Left empty, the repository's default branch."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.PARE_ALLOW_LOCAL_REPOSITORIES:
            self.fields["url"].help_text += " This server also takes folders on it, such as /srv/git/shop."


class TokenForm(RefusableForm):
    """Store another access token."""

    token = forms.CharField(
        max_length=1024, label="New access token", widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )


class UnlinkForm(RefusableForm):
    """Unlink, with the name typed."""

    name = forms.CharField(max_length=200, label="Type the repository's name to confirm")

    def __init__(self, *args: Any, repository: Repository, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.repository = repository
        self.fields["name"].help_text = repository.name

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if name != self.repository.name:
            raise forms.ValidationError(f"This is not the name. Type {self.repository.name} exactly.")
        return name


class KeepForm(RefusableForm):
    """Choose the repositories that stay active."""

    repositories = forms.TypedMultipleChoiceField(
        coerce=UUID,
        required=False,
        error_messages={"invalid_choice": NotLinked.message, "invalid_list": NotLinked.message},
    )

    def __init__(self, *args: Any, linked: list[Repository], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["repositories"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(one.public_id), one.name) for one in linked]


class SliceForm(RefusableForm):
    """Try a slice."""

    task = forms.CharField(
        max_length=100_000,
        label="Task",
        help_text="In the words you would give to an agent: an issue, a bug, a change to make.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    budget = forms.TypedChoiceField(
        choices=[(budget, f"{budget:,} tokens") for budget in BUDGETS],
        coerce=int,
        initial=DEFAULT_BUDGET,
        label="Budget",
    )


class PinForm(forms.Form):
    """Pin or unpin a snapshot; without one the current."""

    snapshot = forms.UUIDField(required=False)
    pinned = forms.TypedChoiceField(choices=[("true", "Pin"), ("false", "Unpin")], coerce=lambda value: value == "true")
