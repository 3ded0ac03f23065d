"""The routes of the apps. Wiring only."""

from django.contrib import admin
from django.urls import include, path

from config.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("account/", include("allauth.urls")),
    path("", include("accounts.urls")),
    path("", include("billing.urls")),
    path("", include("repos.urls")),
    path("", include("usage.urls")),
    path("api/", include("accounts.schema_urls")),
    path("api/v1/", include("accounts.api_urls")),
    path("api/v1/", include("repos.api_urls")),
    path("api/v1/", include("usage.api_urls")),
]
