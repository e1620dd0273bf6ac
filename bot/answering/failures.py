"""What may go wrong between us and a provider, in a few stable words that quote nothing."""

from collections.abc import Mapping
from typing import Any

_TIMEOUTS = frozenset({"APITimeoutError", "TimeoutException", "ReadTimeout", "TimeoutError"})
_CONNECTION = frozenset(
    {
        "APIConnectionError",
        "ConnectError",
        "ConnectionError",
        "OSError",
        "RemoteProtocolError",
        "NetworkError",
        "ClientConnectionError",
    }
)
MAX_RETRY_AFTER = 600.0


class ProviderError(Exception):
    """There is no usable answer of a provider. `code` is stable and quotes nothing that was sent or received.

    Codes of a provider: `provider_timeout`, `provider_rejected_key`, `provider_busy`, `provider_failed`,
    `provider_unreachable`, `provider_empty`, `provider_refused`, `provider_model_unknown`, `provider_too_long` (its answer was not read to the end), `provider_private` (its address is one
    of our own network, and that is not allowed). Codes of our own, when nothing
    was sent: `provider_misconfigured`, `provider_extra_missing`, `provider_suspended` (it failed too often just now),
    `provider_not_allowed` (the version names another provider than the one the key is for), `model_not_allowed` (the
    installation's key is for its own model),
    `masking_failed`, `ledger_unavailable`, `spend_limit_reached`, `providers_forbidden`.

    Attributes:
        code: see above.
        detail: one English sentence for an administrator, where there is more to say than the code.
        status: the HTTP status, where there was one.
        retryable: the very same request may succeed a little later.
        retry_after: seconds the provider asked to wait.
        blames_provider: the provider itself is in trouble, whoever asks: the circuit breaker counts it.
    """

    def __init__(
        self,
        code: str,
        *,
        detail: str = "",
        status: int | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        blames_provider: bool = False,
    ) -> None:
        self.code = code
        self.detail = detail
        self.status = status
        self.retryable = retryable
        self.retry_after = retry_after
        self.blames_provider = blames_provider
        super().__init__(code)


def provider_error(error: Exception) -> ProviderError:
    """Return what an exception of a provider's library means; its text may quote the prompt and is left behind."""
    if isinstance(error, ProviderError):
        return error
    status = _status(error)
    if status is not None:
        return _of_status(status, _retry_after(error))
    names = {
        kind.__name__ for cause in (error, error.__cause__) for kind in type(cause).__mro__ if cause
    }
    if names & _TIMEOUTS:
        return ProviderError("provider_timeout", blames_provider=True)
    if names & _CONNECTION:
        return ProviderError("provider_unreachable", retryable=True, blames_provider=True)
    return ProviderError("provider_failed")


def _of_status(status: int, retry_after: float | None) -> ProviderError:
    codes = {
        401: "provider_rejected_key",
        403: "provider_rejected_key",
        404: "provider_model_unknown",
    }
    if status == 429:
        # The account's limit, not the provider's trouble: others may go on asking.
        return ProviderError(
            "provider_busy", status=status, retryable=True, retry_after=retry_after
        )
    broken = status >= 500
    return ProviderError(
        codes.get(status, "provider_failed"),
        status=status,
        retryable=broken,
        retry_after=retry_after if broken else None,
        blames_provider=broken,
    )


def _status(error: Exception) -> int | None:
    for cause in (error, error.__cause__):
        for name in ("status_code", "code"):
            value = getattr(cause, name, None)
            if isinstance(value, int) and 100 <= value <= 599:
                return value
    return None


def _retry_after(error: Exception) -> float | None:
    for cause in (error, error.__cause__):
        headers = getattr(getattr(cause, "response", None), "headers", None)
        if headers is None:
            headers = getattr(cause, "headers", None)
        if isinstance(headers, Mapping):
            return _seconds(headers)
    return None


def _seconds(headers: Mapping[str, Any]) -> float | None:
    """Return the header's seconds (RFC 9110, section 10.2.3); a date there is rare and counts as nothing said."""
    try:
        return min(MAX_RETRY_AFTER, max(0.0, float(headers.get("retry-after", ""))))
    except ValueError:
        return None
