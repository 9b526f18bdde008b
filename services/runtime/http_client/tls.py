"""What of TLS an outgoing connection wants: version, authorities, protocols.

A context holds every authority of the system, parsed: some 0.8 MiB. So all connections that want the same share one,
however many applications have senders.
"""

import ssl
from functools import cache


@cache
def tls_context(ca_file: str, *protocols: str) -> ssl.SSLContext:
    """TLS 1.2 or newer that trusts the system's authorities, and the one of the file where there is one.

    `protocols` are those to agree upon (ALPN); HTTP/1.1 if none is named.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(protocols or ("http/1.1",))
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context
