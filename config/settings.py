"""All settings in one file. What an operator sets comes from the environment: docs/operations.md lists every name."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.env import database, env, env_bool, env_int, env_list
from config.local.record import recorded_url
from config.logs import without_trace
from config.stores import snapshot_store, static_store

BASE_DIR = Path(__file__).resolve().parent.parent
DATA = Path(env("PARE_DATA", str(BASE_DIR / ".pare"))).resolve()


def secret_key() -> str:
    """SECRET_KEY, or one made once and kept in the data folder, readable by its owner alone."""
    if key := env("SECRET_KEY"):
        return key
    file = DATA / "secret_key"
    try:
        DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            # Written aside and linked into place, so that two starts at once end with one whole key.
            with tempfile.NamedTemporaryFile("w", dir=DATA, prefix=".secret") as new:
                new.write(secrets.token_urlsafe(48))
                new.flush()
                with suppress(FileExistsError):
                    os.link(new.name, file)
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ImproperlyConfigured(
            f"The data folder {DATA} cannot be written ({error.strerror}). Set PARE_DATA to a folder that can."
        ) from None


DEBUG = env_bool("DEBUG", False)
SECRET_KEY = secret_key()
# Repository credentials are encrypted with the first of these and read with any: put a new key in front to rotate.
PARE_ENCRYPTION_KEYS = env_list("PARE_ENCRYPTION_KEYS") or [SECRET_KEY]
SITE_ROOT = env("SITE_ROOT", "http://127.0.0.1:8000").rstrip("/")
HTTPS = SITE_ROOT.startswith("https://")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "*" if not HTTPS else SITE_ROOT.split("//")[1].split(":")[0])
CSRF_TRUSTED_ORIGINS = [SITE_ROOT]

INSTALLED_APPS = [
    "config",
    "accounts",
    "billing",
    "repos",
    "usage",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "heroicons",
    "chartkick.django",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.sessions.SessionActivity",
    "config.error_pages.RefusalMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["heroicons.templatetags.heroicons"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- Where things are kept -------------------------------------------------------------------------------------------
# Unset: the servers that a running `manage.py up` keeps for this data folder.
DATABASE_URL = env("DATABASE_URL") or recorded_url(DATA, "DATABASE_URL") or "postgresql://postgres@127.0.0.1:5432/pare"
DATABASES = {"default": database(DATABASE_URL)}
REDIS_URL = env("REDIS_URL") or recorded_url(DATA, "REDIS_URL") or "redis://127.0.0.1:6379/0"
CACHES = {
    "default": {
        "BACKEND": "config.cache.ForgetfulRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "pare",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},  # one that hangs must not hang every thread
    }
}
PARE_MIRRORS = DATA / "mirrors"
PARE_SNAPSHOT_CACHE = env("PARE_SNAPSHOT_CACHE") or DATA / "snapshot-cache"
PARE_SNAPSHOT_CACHE_MB = env_int("PARE_SNAPSHOT_CACHE_MB", 10_000)
PARE_FACTS = DATA / "facts"
PARE_MAIL = DATA / "mail"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "landing"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_TOTP_ISSUER = "Pare"
MFA_TOTP_TOLERANCE = 1  # a code of the half minute before or after counts: clocks differ, and typing takes time
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
USERSESSIONS_TRACK_ACTIVITY = True

# --- Mail ------------------------------------------------------------------------------------------------------------
EMAIL_HOST = env("EMAIL_HOST")
# Without a mail server, mail is printed to the log, the code to type on a line of its own.
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "config.mail.LogBackend"
EMAIL_PORT = env_int("EMAIL_PORT", 587)
EMAIL_HOST_USER = env("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("DEFAULT_FROM_EMAIL", "Pare <pare@localhost>")
# Who is told when billing needs a person.
ADMINS = [("Operator", address) for address in env_list("PARE_OPERATORS")]
EMAIL_SUBJECT_PREFIX = "Pare: "  # of mails to operators alone

# --- Background work -------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Redis hands a task to a second worker after this long: it must stay above the longest task (an index run).
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3 * 3600}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 3600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = env("PARE_QUEUE", "pare")
CELERY_TIMEZONE = "UTC"

# --- API -------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.rest.ApiKeyAuthentication", "accounts.rest.TeamSessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.rest.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.rest.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.rate_limit.PrincipalThrottle"],
    "DEFAULT_PAGINATION_CLASS": "accounts.rest.Pages",
    "DEFAULT_SCHEMA_CLASS": "accounts.schema.drf.ScopedSchema",
    # OPTIONS tells nothing that /api/schema/ does not.
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "config.errors.handle_api_error",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Pare API",
    "VERSION": "1",
    "DESCRIPTION": "Context slices and usage for teams that work with coding agents.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "OAS_VERSION": "3.1.0",
    "ENUM_NAME_OVERRIDES": {"PlanKeyEnum": "billing.plans.BY_KEY"},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "accounts.schema.hot.add_hot_views",
    ],
}
# Requests a minute for one key (or one person's session): all routes, and apart from them the two hot ones.
PARE_RATE_PER_MINUTE = env_int("PARE_RATE_PER_MINUTE", 600)
PARE_HOT_RATE_PER_MINUTE = env_int("PARE_HOT_RATE_PER_MINUTE", 3000)
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
PARE_WEB_THREADS = env_int("PARE_WEB_THREADS", 16)
PARE_MAX_BODY = env_int("PARE_MAX_BODY", 32 * 1024 * 1024)

# --- Plans: what counts against each cap, as `team -> int`. Strings, because billing imports no app above it. ---------
PLAN_USE = {
    "members": "accounts.services.members_in_use",
    "repositories": "repos.services.repositories_in_use",
    "slices": "repos.services.slices_this_month",
}

# --- Stripe: without a key, plans are set by the operator -------------------------------------------------------------
STRIPE_SECRET_KEY = env("STRIPE_SECRET_KEY")
# Several while a secret is being replaced; each is tried.
STRIPE_WEBHOOK_SECRETS = env_list("STRIPE_WEBHOOK_SECRET")
# Another address than Stripe's own: for tests and trials only.
STRIPE_API_BASE = env("STRIPE_API_BASE").rstrip("/")
STRIPE_AUTOMATIC_TAX = env_bool("STRIPE_AUTOMATIC_TAX", False)
# Where a browser is sent to pay; Chromium holds a redirect after a form to the same rule as the form.
STRIPE_PAGES = [STRIPE_API_BASE] if STRIPE_API_BASE else ["https://checkout.stripe.com", "https://billing.stripe.com"]

# --- Repositories ----------------------------------------------------------------------------------------------------
PARE_ALLOW_LOCAL_REPOSITORIES = env_bool("PARE_ALLOW_LOCAL_REPOSITORIES", False)
PARE_ALLOW_PRIVATE_HOSTS = env_bool("PARE_ALLOW_PRIVATE_HOSTS", False)
PARE_MAX_REPOSITORY_MB = env_int("PARE_MAX_REPOSITORY_MB", 2048)
PARE_INDEX_TIME_LIMIT = env_int("PARE_INDEX_TIME_LIMIT", 1800)
PARE_INDEX_PROCESSES = env_int("PARE_INDEX_PROCESSES", 2)
PARE_HISTORY_COMMITS, PARE_PROOF_COMMITS = env_int("PARE_HISTORY_COMMITS", 1000), env_int("PARE_PROOF_COMMITS", 100)
PARE_PROOF_SECONDS = env_int("PARE_PROOF_SECONDS", 600)
# Certificate authorities of git hosts inside the own network, as one PEM file.
PARE_GIT_CA_FILE = env("PARE_GIT_CA_FILE")

# --- Pages and headers -----------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "snapshots": snapshot_store(DATA / "snapshots"),
    "staticfiles": static_store(),
}
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF, *STRIPE_PAGES],
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_NAME = "__Host-pare" if HTTPS else "pare"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
TRUST_PROXY = env_bool("TRUST_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
# Whom log-in limits count and the session list names: else all that come through a proxy would share one limit.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUST_PROXY else 0
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
X_FRAME_OPTIONS = "DENY"

LOG_LEVEL = env("LOG_LEVEL", "INFO")
# A line for each periodic task would bury the lines that matter, such as a code to type.
_CHATTER = ("celery.app.trace", "celery.beat", "celery.worker.strategy", "stripe")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "filters": {"short": {"()": "django.utils.log.CallbackFilter", "callback": without_trace}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["short"]}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {name: {"level": "INFO" if LOG_LEVEL == "DEBUG" else "WARNING"} for name in _CHATTER},
}
