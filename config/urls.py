"""The routes of the apps. Wiring only."""

from django.contrib import admin
from django.urls import include, path, re_path

from config.error_pages import unknown_api_path
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
    path("api/v1/", include("billing.api_urls")),
    path("api/v1/", include("repos.api_urls")),
    path("api/v1/", include("usage.api_urls")),
    # Last, for whatever no route above took.
    re_path(r"^api/.+$", unknown_api_path, name="unknown_api_path"),
]

handler400 = "config.error_pages.bad_request"
handler403 = "config.error_pages.permission_denied"
handler404 = "config.error_pages.page_not_found"
handler500 = "config.error_pages.server_error"
