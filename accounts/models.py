"""People and teams. Facts live on the rows, filters on the querysets, verbs in `services.py`."""

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role, Scope

INVITATION_LIFETIME = timedelta(days=7)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. The e-mail address is the log-in."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=100, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_per_email")]

    def __str__(self) -> str:
        return self.email

    @property
    def label(self) -> str:
        return self.name or self.email

    def teams(self) -> "models.QuerySet[Team]":
        """The open teams this person is a member of, by name."""
        return Team.objects.filter(memberships__user=self, closed_at=None).order_by("name", "pk")


class Team(models.Model):
    """The tenant. Every other row that belongs to a team is found only through it.

    `member_cap`, `service_keys_allowed` and `audit_log_allowed` repeat what the team's plan says; `billing` writes them
    when the plan changes, so that this app can enforce them without knowing plans. `None` means no cap.
    `payment_grace_until`: a payment failed; the plan stays until then, and owner and billing members see a banner.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80)
    slug = models.SlugField(
        max_length=50,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", "Use small letters, digits and hyphens.")],
    )
    member_cap = models.PositiveIntegerField(null=True, blank=True, default=1)
    service_keys_allowed = models.BooleanField(default=False)
    audit_log_allowed = models.BooleanField(default=False)
    payment_grace_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("overview", args=[self.slug])

    def is_full_with(self, members: int) -> bool:
        """Whether this many take every place in the plan; over the cap, as after a smaller plan came, is full too."""
        return self.member_cap is not None and members >= self.member_cap


Row = TypeVar("Row", bound=models.Model)


class TeamRowQuerySet(models.QuerySet[Row]):
    """The base of every queryset over rows that belong to one team through a `team` column."""

    def for_team(self, team: Team | int) -> Self:
        return self.filter(team=team)


class MembershipQuerySet(TeamRowQuerySet["Membership"]):
    def owners(self) -> Self:
        return self.filter(role=Role.OWNER)

    def billable(self) -> Self:
        """Those that take a place in the plan: all but the billing role, which sees money and never code."""
        return self.exclude(role=Role.BILLING)


class Membership(models.Model):
    """A person in a team, with a role."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_person_and_team")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"

    @property
    def role_enum(self) -> Role:
        return Role(self.role)


class InvitationQuerySet(TeamRowQuerySet["Invitation"]):
    def open(self, now: datetime | None = None) -> Self:
        """Those that can still be accepted."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=now or timezone.now())


def invitation_expiry() -> datetime:
    return timezone.now() + INVITATION_LIFETIME


class Invitation(models.Model):
    """An offer to one e-mail address to join a team. The token is stored as a digest only."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    token_digest = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(default=invitation_expiry)
    sent_at = models.DateTimeField(default=timezone.now)
    times_sent = models.PositiveSmallIntegerField(default=1)
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "team",
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation_per_address",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.team}"

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > timezone.now()


class ApiKeyQuerySet(TeamRowQuerySet["ApiKey"]):
    def live(self, now: datetime | None = None) -> Self:
        now = now or timezone.now()
        unexpired = models.Q(expires_at=None) | models.Q(expires_at__gt=now)
        return self.filter(unexpired, revoked_at=None)

    def live_first(self) -> Self:
        """Live keys before those that ended; the newest first in both."""
        ended = models.Q(revoked_at__isnull=False) | models.Q(expires_at__lte=timezone.now(), expires_at__isnull=False)
        return self.annotate(ended=ended).order_by("ended", "-created_at", "-pk")


class ApiKey(models.Model):
    """A key of a team: `pare_<key_id>_<secret>`. Personal keys end with their membership; service keys have none."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="api_keys")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, null=True, blank=True, related_name="api_keys")
    name = models.CharField(max_length=80)
    key_id = models.CharField(max_length=12, unique=True)
    secret_digest = models.BinaryField(max_length=32)
    last_four = models.CharField(max_length=4)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices))
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} (pare_{self.key_id}_…{self.last_four})"

    @property
    def is_service(self) -> bool:
        return self.membership_id is None

    @property
    def is_live(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())


class AuditEntryQuerySet(TeamRowQuerySet["AuditEntry"]):
    pass


class AuditEntry(models.Model):
    """What somebody did in a team, written in the transaction of the act; the database refuses to change a row."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="audit_entries")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    actor_label = models.CharField(max_length=254)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=254, blank=True)
    details = models.JSONField(default=dict)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["team", "-at"], name="audit_by_team_and_time")]

    def __str__(self) -> str:
        return f"{self.actor_label}: {self.action} {self.target}"
