"""Whose certificates an APNs connection believes."""

import ssl
from functools import cache

from services.dispatch.http2 import tls_context


@cache
def context_for(ca_file: str) -> ssl.SSLContext:
    """The system's authorities, and beside them ours, if there is one."""
    context = tls_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context
