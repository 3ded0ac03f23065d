"""What drf-spectacular cannot see in a DRF view: the scope it needs, its refusals, how a caller proves itself."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from accounts.schema.refusals import refusals_of


class ScopedSchema(AutoSchema):
    """Takes the summary from the first paragraph of the docstring, scope and refusals from the view's attributes."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        summary, description = split_doc(super().get_description())
        operation["summary"], operation["description"] = operation.get("summary", summary), description
        scope = getattr(self.view, "scopes", {}).get(self.method, getattr(self.view, "scope", None))
        operation["x-scope"] = str(scope)
        refusals = refusals_of(
            getattr(self.view, "errors", {}).get(self.method, ()),
            has_body="requestBody" in operation,
            has_path="{" in self.path,
            has_right=self.method in getattr(self.view, "rights", {}),
        )
        operation["responses"] = {**operation["responses"], **refusals}
        return operation


def split_doc(doc: str) -> tuple[str, str]:
    """A docstring's first paragraph, and the others; each on one line, as its breaks are those of the source."""
    summary, *others = [" ".join(paragraph.split()) for paragraph in doc.strip().split("\n\n")]
    return summary.removesuffix("."), "\n\n".join(others)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.rest.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer pare_…`"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.rest.TeamSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The browser's session; writes need the header X-CSRFToken.",
        }
