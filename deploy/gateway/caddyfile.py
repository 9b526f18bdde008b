"""The configuration of Caddy by the table of routes.

Caddy drops an X-Forwarded-For that a caller brings and writes the caller's own address, which the services
believe only from here. Answers of unknown length and event streams are flushed as they come, which Caddy does by
itself; told to flush all (`flush_interval -1`), it would go on for callers who have hung up, and wait without end for
half a body.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from deploy.gateway.routes import ASSETS_OF, SEND, SERVICES, Route

BULK = "ingest-bulk"
Upstreams = Mapping[str, Sequence[str]]
"""Service, or `BULK`: `host:port` of its instances."""

HEAD = """{{
	admin off
	persist_config off
{options}	servers {{
{servers}		protocols h1 h2c
		timeouts {{
			read_header 10s
			read_body {body}
			idle 2m
		}}
	}}
	grace_period 5s
	log {{
		format filter {{
			wrap json
			request>headers delete
			request>uri delete
		}}
	}}
}}
"""

SITE = """{address} {{
{lines}	header -Server
"""

AWAY_RU = "Сервис недоступен"
NOT_FOUND_RU = "Не найдено"
NOTHING, NOTHING_RU = (
    "there is nothing at this address; what there is: /docs/",
    "по этому адресу ничего нет; что есть, показывает /docs/",
)
"""What the gateway says itself, in both languages: Russian to whoever asks for it first."""
AWAY = """	handle_errors 502 503 504 {
		header Retry-After 1
		@partners path SEND
		handle @partners {
			header Content-Type application/json
			respond `{"error":{"code":1,"description":"Service is unavailable"},"extendedDescription":"try again"}` 503
		}
		handle {
			header Content-Type application/problem+json
			@russian header Accept-Language ru*
			header @russian Content-Language ru
			respond @russian `{"type":"about:blank","title":"AWAY_RU","status":503}` 503
			respond `{"type":"about:blank","title":"Service is unavailable","status":503}` 503
		}
	}
""".replace("SEND", " ".join(SEND)).replace("AWAY_RU", AWAY_RU)
"""What is said for a service that cannot be reached, in the words of each API. What a service answers passes."""
DOCUMENT = """	@docs-{service} {{
		method GET HEAD
		vars_regexp {{http.request.orig_uri}} ^/docs/{service}/openapi\\.json$
	}}
	handle @docs-{service} {{
		rewrite * /openapi.json
		{proxy}		}}
	}}
"""
"""By the address as it came: no slash, dot or letter written otherwise leads to it, or past it."""

ASSETS = """	@docs-assets {{
		method GET HEAD
		vars_regexp {{http.request.orig_uri}} ^/docs/assets/[a-z-]+\\.(?:js|css)$
	}}
	handle @docs-assets {{
		{proxy}		}}
	}}
"""
"""What the page loads, which any service has."""

GUESSED = f"^/(?:docs(?:/(?:{'|'.join(SERVICES)})(?:/(?:docs)?)?)?)?$"
"""Paths at which somebody looks for the documents before they are told where these are."""

START = """	@start {
		method GET HEAD
		vars_regexp {http.request.orig_uri} GUESSED
	}
	handle @start {
		header Cache-Control no-cache
		redir * /docs/ 302
	}
""".replace("GUESSED", GUESSED)
"""Who comes without knowing a path is told what this is."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Everything comes from here; Swagger UI writes styles into its elements."""

DOCUMENTS = """	@docs {{
		method GET HEAD
		vars_regexp {{http.request.orig_uri}} ^/docs/$
	}}
	handle @docs {{
		root * "{folder}"
		rewrite * /docs.html
		header Cache-Control no-cache
		header X-Content-Type-Options nosniff
		header Content-Security-Policy "{policy}"
		file_server
	}}
"""
"""The page that names them."""

NOT_FOUND = (
    """	handle {
		header Content-Type application/problem+json
		header X-Content-Type-Options nosniff
		header Cache-Control no-store
		@russian header Accept-Language ru*
		header @russian Content-Language ru
		respond @russian `{"type":"about:blank","title":"TITLE_RU","status":404,"detail":"DETAIL_RU"}` 404
		respond `{"type":"about:blank","title":"Not Found","status":404,"detail":"DETAIL"}` 404
	}
}
""".replace("TITLE_RU", NOT_FOUND_RU)
    .replace("DETAIL_RU", NOTHING_RU)
    .replace("DETAIL", NOTHING)
)


KEPT = """			transport http {
				keepalive 60s
				keepalive_idle_conns_per_host 512
			}
"""
"""Connections to the services are kept: of the 32 that Caddy keeps by itself, a busy gateway opens one anew for every
thirtieth request, which costs both sides more than the request. The services let go of one after 75 s; the gateway has
to be the first, or it might send a request into a connection that has just been closed."""

BODY = "10m"
"""In which a body has to come, the largest list over a slow line too; the services wait for others only 10 s."""


@dataclass(frozen=True)
class Site:
    """An address, and the services' instances behind it; paths of services that have none are answered 404."""

    address: str
    upstreams: Upstreams
    lines: str = ""  # of its own, first in the block
    pages: str = ""  # the folder of the page that names the documents
    is_retried: bool = False  # though there is one address: a name may stand for several instances
    more: str = ""  # after the services' routes


def caddyfile(options: str, *sites: tuple[Site, Sequence[Route]], servers: str = "") -> str:
    """The configuration; `options` are global ones besides those that every gateway has, `servers` those of servers."""
    parts = (part for site, routes in sites for part in _site(site, routes))
    return "".join([HEAD.format(body=BODY, options=options, servers=servers), *parts])


def _site(site: Site, routes: Sequence[Route]) -> Iterator[str]:
    upstreams = site.upstreams
    yield SITE.format(address=site.address, lines=site.lines)
    for route in routes:
        own = upstreams.get(BULK if route.is_bulk else route.service, ())
        if own:
            spare = upstreams.get(route.service, ()) if route.is_bulk else ()
            yield _handle(route, _proxy(own, spare, is_retried=site.is_retried))
    for service in SERVICES:
        if upstreams.get(service):
            yield DOCUMENT.format(service=service, proxy=_proxy(upstreams[service], is_retried=site.is_retried))
    if upstreams.get(ASSETS_OF):
        yield ASSETS.format(proxy=_proxy(upstreams[ASSETS_OF], is_retried=site.is_retried))
    yield from (START, DOCUMENTS.format(folder=site.pages, policy=PAGE_POLICY), site.more, AWAY, NOT_FOUND)


def _proxy(instances: Sequence[str], spare: Sequence[str] = (), *, is_retried: bool) -> str:
    """The lines that pass requests on to any of the instances, or to a spare one while none of them can be reached.

    One that cannot be reached is passed over for a while, and its request goes to another: nothing of it was read
    there, so that repeats nothing.
    """
    several = (
        "\t\t\tlb_try_duration 3s\n\t\t\tfail_duration 1s\n" if is_retried or len(instances) + len(spare) > 1 else ""
    )
    order = "\t\t\tlb_policy first\n" if spare else ""
    return f"reverse_proxy {' '.join((*instances, *spare))} {{\n\t\t\theader_down -Server\n{order}{several}{KEPT}"


def _handle(route: Route, proxy: str) -> str:
    name = route.title
    return f"\t@{name} path {' '.join(route.paths)}\n\thandle @{name} {{\n\t\t{proxy}\t\t}}\n\t}}\n"
