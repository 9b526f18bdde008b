"""The console's files at each listener's path: those alone, under a policy of their own, and without a token."""

import base64
from pathlib import Path

import httpx
import pytest

from services.runtime.access.logins import Logins
from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.listeners import OperatorsListener, PublicListener
from services.runtime.pages import console
from tests.support.apps import all_apps

ASSET = "assets/index-A_b-1.js"
SCRIPT = f"/console/{ASSET}"
SECRETS = Secrets(base64.b64encode(bytes(32)).decode())


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A console that was built."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>console</title>")
    (folder / "assets" / "index-A_b-1.js").write_text("export {};")
    (folder / "assets" / "index.js.map").write_text("not for reading")
    (folder / ".built").write_text("not for reading")
    (tmp_path / "other.js").write_text("not for reading")
    monkeypatch.setattr(console, "BUILT", folder)
    return folder


@pytest.fixture
def listeners() -> tuple[PublicListener, OperatorsListener]:
    directory = Directory()
    app = all_apps(directory, SECRETS, Logins(directory, SECRETS))["registry"]
    return PublicListener(app, has_portal=True), OperatorsListener(app, OperatorTokens(directory, SECRETS, ""), ())


async def asked(listener: PublicListener | OperatorsListener, path: str, method: str = "GET") -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=listener), base_url="http://rpns") as client:
        return await client.request(method, path)


Both = tuple[PublicListener, OperatorsListener]


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("path", "kind", "kept"),
    [
        ("/console/", "text/html; charset=utf-8", "no-cache"),
        (SCRIPT, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
    ],
)
async def test_it_runs_its_own_scripts_only_and_a_file_named_by_its_content_is_kept(
    listeners: Both, path: str, kind: str, kept: str
) -> None:
    answer = await asked(listeners[1], path)
    assert (answer.status_code, answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (200, kind, kept)
    assert answer.text == ("export {};" if path == SCRIPT else "<title>console</title>")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    policy = answer.headers["Content-Security-Policy"]
    assert {"default-src 'none'", "script-src 'self'", "connect-src 'self'"} <= set(policy.split("; "))
    assert "unsafe" not in policy


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["/console", "/console/", SCRIPT])
async def test_its_head_may_be_asked_for_alone(listeners: Both, path: str) -> None:
    whole, head = await asked(listeners[1], path), await asked(listeners[1], path, "HEAD")
    assert (head.status_code, head.headers) == (whole.status_code, whole.headers)


@pytest.mark.usefixtures("built")
async def test_without_its_slash_it_leads_there(listeners: Both) -> None:
    public, operators = listeners
    for answer, path in ((await asked(public, "/portal"), "/portal"), (await asked(operators, "/console"), "/console")):
        assert (answer.status_code, answer.headers["Location"]) == (308, f"{path}/")


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("name", ["", ASSET])
async def test_partners_have_the_same_files_under_the_same_policy_at_a_path_of_their_own(
    listeners: Both, name: str
) -> None:
    theirs, ours = await asked(listeners[0], f"/portal/{name}"), await asked(listeners[1], f"/console/{name}")
    assert theirs.status_code == 200
    assert (theirs.text, dict(theirs.headers)) == (ours.text, dict(ours.headers))


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["/portal", "/portal/", f"/portal/{ASSET}"])
async def test_the_partners_path_is_not_at_the_operators_address_nor_where_nobody_serves_it(
    listeners: Both, path: str
) -> None:
    assert (await asked(listeners[1], path)).status_code == 404
    elsewhere = PublicListener(all_apps(Directory(), SECRETS, Logins(Directory(), SECRETS))["ingest"])
    assert (await asked(elsewhere, path)).status_code == 404


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["/console", "/console/", SCRIPT])
async def test_it_is_not_at_everybodys_address(listeners: Both, path: str) -> None:
    assert (await asked(listeners[0], path)).status_code == 404


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "path",
    [
        *("/console/.built", "/console/assets/", "/console/index.html", "/console/assets/index.js.map", "/console//"),
        *("/console/assets/../.built", "/console/assets/%2e%2e/.built", "/console/assets/..%2f..%2fother.js"),
        *(
            "/console/../other.js",
            "/console/assets/none.js",
            f"{SCRIPT}%00",
            f"{SCRIPT}%0a",
            "/console/%0a",
            "/consoles",
        ),
    ],
)
async def test_nothing_else_of_its_folder_is_served(listeners: Both, path: str) -> None:
    public, operators = listeners
    theirs = path.replace("/console", "/portal", 1)
    for answer in (await asked(public, theirs), await asked(operators, path)):
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_it_is_only_read(listeners: Both, method: str) -> None:
    assert (await asked(listeners[1], "/console/", method)).status_code == 404
    assert (await asked(listeners[0], "/portal/", method)).status_code == 404


async def test_a_package_that_was_built_without_it_says_so(listeners: Both, built: Path) -> None:
    (built / "index.html").unlink()
    answer = await asked(listeners[1], "/console/")
    assert answer.status_code == 404
    assert "holds no console" in answer.json()["detail"]
