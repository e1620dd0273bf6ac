"""Where a request comes from."""

from aiohttp import hdrs, web


def client_address(request: web.Request, trusted_proxy_hops: int = 0) -> str:
    """Return the caller's IP address.

    X-Forwarded-For is believed only as far as our own proxies wrote it: the entry that the outermost of them
    appended, counted from the right. What stands to its left the caller may have invented.
    """
    if trusted_proxy_hops:
        forwarded = [
            part.strip()
            for value in request.headers.getall(hdrs.X_FORWARDED_FOR, [])
            for part in value.split(",")
        ]
        if len(forwarded) >= trusted_proxy_hops:
            return forwarded[-trusted_proxy_hops]
    return request.remote or "unknown"
