"""Refusals in Stripe's shape."""

from typing import Any


class TwinError(Exception):
    """An answer other than success: `{"error": {type, message, code, param, decline_code, ...}}` with `status`."""

    def __init__(
        self,
        status: int,
        type: str,
        message: str,
        code: str | None = None,
        param: str | None = None,
        decline_code: str | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        given = {"code": code, "param": param, "decline_code": decline_code, **extra}
        self.error = {
            "type": type,
            "message": message,
            **{name: value for name, value in given.items() if value is not None},
        }

    def body(self) -> dict[str, Any]:
        return {"error": self.error}


def invalid(message: str, param: str | None = None, code: str | None = None, **extra: Any) -> TwinError:
    """400 `invalid_request_error`."""
    return TwinError(400, "invalid_request_error", message, code=code, param=param, **extra)


def missing(kind: str, id: str, param: str = "id") -> TwinError:
    """404 `resource_missing`, in Stripe's words."""
    return TwinError(
        404, "invalid_request_error", f"No such {kind.replace('_', ' ')}: '{id}'", code="resource_missing", param=param
    )
