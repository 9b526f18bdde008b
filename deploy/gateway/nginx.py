"""The configuration of nginx by the table of routes.

It says who called as Caddy does: the X-Forwarded-For that a caller brings is dropped. A request to an instance that
cannot be reached goes to another; one that was sent is never sent again. Whatever nginx writes lies in /tmp, so that it
runs as a plain user on a read-only file system. Nothing is logged of requests: paths hold phone numbers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deploy.gateway.caddyfile import AWAY_RU, BULK, GUESSED, NOT_FOUND_RU, NOTHING, NOTHING_RU, PAGE_POLICY, Upstreams
from deploy.gateway.routes import ASSETS_OF, MOST_BODY_MB, SEND, SERVICES, STREAMS, Route, expression, route_of

HEAD = """worker_processes auto;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;

events {
	worker_connections 8192;
}

http {
	access_log off;
	server_tokens off;
	default_type application/octet-stream;
	client_body_temp_path /tmp/nginx-body;
	proxy_temp_path /tmp/nginx-proxy;
	fastcgi_temp_path /tmp/nginx-fastcgi;
	uwsgi_temp_path /tmp/nginx-uwsgi;
	scgi_temp_path /tmp/nginx-scgi;

	client_header_timeout 10s;
	client_body_timeout 30s;
	keepalive_timeout 2m;
	client_max_body_size {most}m;
	proxy_max_temp_file_size 0;

	proxy_http_version 1.1;
	proxy_connect_timeout 3s;
	proxy_read_timeout 75s;
	proxy_set_header Connection "";
	proxy_set_header Host $http_host;
	proxy_set_header X-Forwarded-For $remote_addr;
	proxy_set_header X-Forwarded-Proto $scheme;
	proxy_set_header X-Forwarded-Host $http_host;
	proxy_hide_header Server;

	map $http_accept_language $language_told {
		~*^ru ru;
	}
	map $language_told $not_found_told {
		default "Not Found";
		ru "TITLE_RU";
	}
	map $language_told $nothing_told {
		default "DETAIL";
		ru "DETAIL_RU";
	}
	map $language_told $away_told {
		default "Service is unavailable";
		ru "AWAY_RU";
	}
"""
HEAD = HEAD.replace("TITLE_RU", NOT_FOUND_RU).replace("DETAIL_RU", NOTHING_RU).replace("DETAIL", NOTHING)
HEAD = HEAD.replace("AWAY_RU", AWAY_RU)

NAMED = """
		location @away_partners {
			default_type application/json;
			add_header Retry-After 1 always;
			return 503 '{"error":{"code":1,"description":"Service is unavailable"},"extendedDescription":"try again"}';
		}

		location @away {
			default_type application/problem+json;
			add_header Retry-After 1 always;
			add_header Content-Language $language_told always;
			return 503 '{"type":"about:blank","title":"$away_told","status":503}';
		}

		location @not_found {
			default_type application/problem+json;
			add_header X-Content-Type-Options nosniff always;
			add_header Cache-Control no-store always;
			add_header Content-Language $language_told always;
			return 404 '{"type":"about:blank","title":"$not_found_told","status":404,"detail":"$nothing_told"}';
		}

		location @too_large_partners {
			default_type application/json;
			return 400 '{"error":{"code":4,"description":"Invalid request"},"extendedDescription":"TOO_LARGE"}';
		}

		location @too_large {
			default_type application/problem+json;
			return 413 '{"type":"about:blank","title":"Body too large: at most MOST MB","status":413}';
		}

		location / {
			return 404;
		}
	}
""".replace("TOO_LARGE", f"body: must be at most {MOST_BODY_MB} MB").replace("MOST", str(MOST_BODY_MB))
"""What is said by the gateway itself; a service's own 503 and 404 pass."""

DOCUMENT = """
		location = /docs/{service}/openapi.json {{
			if ($request_method !~ "^(?:GET|HEAD)$") {{
				return 404;
			}}
			if ($request_uri != /docs/{service}/openapi.json) {{
				return 404;
			}}
			proxy_pass http://{upstream}/openapi.json;
		}}
"""

ASSETS = """
		location ~ "^/docs/assets/[a-z-]+\\.(?:js|css)$" {{
			if ($request_method !~ "^(?:GET|HEAD)$") {{
				return 404;
			}}
			if ($request_uri !~ "^/docs/assets/[a-z-]+\\.(?:js|css)$") {{
				return 404;
			}}
			proxy_pass http://{upstream};
		}}
"""

START = """
		location ~ "GUESSED" {
			if ($request_method !~ "^(?:GET|HEAD)$") {
				return 404;
			}
			if ($request_uri !~ "GUESSED") {
				return 404;
			}
			absolute_redirect off;
			return 302 /docs/;
		}
""".replace("GUESSED", GUESSED)

DOCUMENTS = """
		location = /docs/ {{
			if ($request_method !~ "^(?:GET|HEAD)$") {{
				return 404;
			}}
			if ($request_uri != /docs/) {{
				return 404;
			}}
			root {folder};
			types {{
				text/html html;
			}}
			rewrite ^ /docs.html break;
			add_header Cache-Control no-cache;
			add_header X-Content-Type-Options nosniff;
			add_header Content-Security-Policy "{policy}";
		}}
"""


@dataclass(frozen=True)
class Server:
    """An address, and the services' instances behind it."""

    name: str  # public, operators
    listen: str
    upstreams: Upstreams
    routes: Sequence[Route]
    pages: str  # the folder of the page that names the documents


def nginx_conf(*servers: Server) -> str:
    """All of nginx.conf."""
    parts = [HEAD.replace("{most}", str(MOST_BODY_MB))]
    for server in servers:
        parts += [*_upstreams(server), *_server(server)]
    return "".join([*parts, "}\n"])


def _upstreams(server: Server) -> Iterator[str]:
    for service in (BULK, *SERVICES):
        instances = server.upstreams.get(service, ())
        spare = server.upstreams.get("ingest", ()) if service == BULK else ()
        if instances:
            lines = [f"server {instance} max_fails=1 fail_timeout=1s;" for instance in instances]
            lines += [f"server {instance} backup;" for instance in spare]
            body = "".join(f"\t\t{line}\n" for line in (*lines, "keepalive 64;"))
            yield f"\n\tupstream {_name(server, service)} {{\n{body}\t}}\n"


def _server(server: Server) -> Iterator[str]:
    yield f"""
	server {{
		listen {server.listen};
		include /etc/nginx/rpns/{server.name}*.conf;
		error_page 404 = @not_found;
		error_page 413 = @too_large;
		error_page 502 503 504 = @away;
"""
    for route in server.routes:
        service = BULK if route.is_bulk else route.service
        if server.upstreams.get(service):
            yield from _locations(server, route, _name(server, service))
    for service in SERVICES:
        if server.upstreams.get(service):
            yield DOCUMENT.format(service=service, upstream=_name(server, service))
    if server.upstreams.get(ASSETS_OF):
        yield ASSETS.format(upstream=_name(server, ASSETS_OF))
    yield START
    yield DOCUMENTS.format(folder=server.pages, policy=PAGE_POLICY)
    yield NAMED


def _locations(server: Server, route: Route, upstream: str) -> Iterator[str]:
    """One for all paths of a route, and before it those that are served in another way."""
    to = f"proxy_pass http://{upstream};"
    streams = [path for path in STREAMS if route_of(path, server.routes) == route]
    own = [path for path in route.paths if path in SEND]
    rest = [path for path in route.paths if path not in SEND]
    bulk = (
        ["client_max_body_size 0;", "proxy_request_buffering off;", "proxy_read_timeout 10m;"] if route.is_bulk else []
    )
    if streams:
        yield _location(_any_of(streams), [to, "proxy_buffering off;", "proxy_read_timeout 1h;"])
    if own:
        yield _location(
            _any_of(own),
            [to, *bulk, "error_page 502 503 504 = @away_partners;", "error_page 413 = @too_large_partners;"],
        )
    if rest:
        yield _location(_any_of(rest), [to, *bulk])


def _any_of(paths: Sequence[str]) -> str:
    return f'~ "^(?:{"|".join(map(expression, paths))})$"'


def _location(matcher: str, lines: Sequence[str]) -> str:
    return f"\n\t\tlocation {matcher} {{\n" + "".join(f"\t\t\t{line}\n" for line in lines) + "\t\t}\n"


def _name(server: Server, service: str) -> str:
    return f"{server.name}-{service}"
