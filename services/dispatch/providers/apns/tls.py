"""The certificate authorities that an APNs connection trusts."""

import ssl
from functools import cache

from services.dispatch.http2 import tls_context


@cache
def context_for(ca_file: str) -> ssl.SSLContext:
    """The system's authorities, and the one of the file, if there is one."""
    context = tls_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context
