"""Doors of the API: who is asking, for which team, and what they may do. DRF classes; a decorator for hot views."""

from accounts.rest.bodies import InvalidBody, JSONParser, UnsupportedBody, read_json
from accounts.rest.hot import HotDoc, HotRequest, MethodNotAllowed, hot_api
from accounts.rest.principals import (
    TEAM_HEADER,
    CsrfFailed,
    InvalidKey,
    NotAuthenticated,
    ScopeMissing,
    TeamUnknown,
    bearer,
    principal_of_key,
    principal_of_session,
)
from accounts.rest.views import ApiKeyAuthentication, HasScope, Pages, TeamAPIMixin, TeamSessionAuthentication

__all__ = [
    "TEAM_HEADER",
    "ApiKeyAuthentication",
    "CsrfFailed",
    "HasScope",
    "HotDoc",
    "HotRequest",
    "InvalidBody",
    "InvalidKey",
    "JSONParser",
    "MethodNotAllowed",
    "NotAuthenticated",
    "Pages",
    "ScopeMissing",
    "TeamAPIMixin",
    "TeamSessionAuthentication",
    "TeamUnknown",
    "UnsupportedBody",
    "bearer",
    "hot_api",
    "principal_of_key",
    "principal_of_session",
    "read_json",
]
