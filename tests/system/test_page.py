"""How the page is served: at which addresses, with which headers, and what of a folder is no part of it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api_server import ApiServer, serving

SCRIPT = b"export const x = 1;\n" * 200
INDEX = b"<!doctype html><title>the page</title>" + b" " * 2000
BUILT = "from pathlib import Path; from penstock.server import shell; shell.BUILT = Path({folder!r}); "
SOME = {"br": b"as if by brotli", "gz": gzip.compress(SCRIPT)}


def built(folder: Path) -> str:
    """What has a server serve this page."""
    assets = folder / "assets"
    assets.mkdir(parents=True)
    (folder / "index.html").write_bytes(INDEX)
    (folder / "index.html.gz").write_bytes(gzip.compress(INDEX))
    (folder / "secret.js").write_bytes(b"no asset")
    (folder / ".fingerprint").write_bytes(b"hidden")
    (assets / "index-Ab_1-2c.js").write_bytes(SCRIPT)
    for ending, content in SOME.items():
        (assets / f"index-Ab_1-2c.js.{ending}").write_bytes(content)
    for name in ("geist-x1.woff2", "mark-y2.svg", "plain-z3.css", "odd.exe", ".hidden.js"):
        (assets / name).write_bytes(name.encode())
    return BUILT.format(folder=str(folder))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "work").mkdir()
    (folder / "work" / "penstock.toml").touch()
    with serving(folder / "work", before=built(folder / "page")) as server:
        yield server


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?x=1",
        "/runs",
        "/runs?filter=status%3Afailed",
        "/runs/digits/3",
        "/runs/digits/latest?view=graph",
        "/runs/digits/3/train/2",
        "/runs/%D9%85/3/a%2Fb/1",
        "/compare?runs=a/1,b/2",
        "/artifacts",
        "/artifacts/blake3%3A9f2c",
        "/sites",
    ],
)
def test_each_address_of_the_page_gives_the_page(server: ApiServer, path: str):
    for method in ("GET", "HEAD"):
        reply = server.ask(method, path, token=False)
        assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert reply.headers["cache-control"] == "no-cache"
        assert reply.body == (INDEX if method == "GET" else b"")


def test_the_page_is_asked_for_again_and_not_sent_again(server: ApiServer):
    tag = server.ask("GET", "/").headers["etag"]
    reply = server.ask("GET", "/runs", headers={"If-None-Match": tag})
    assert (reply.status, reply.body) == (304, b"")
    assert server.ask("GET", "/", headers={"Accept-Encoding": "gzip"}).headers["etag"] != tag


def test_an_asset_is_sent_as_it_was_compressed(server: ApiServer):
    path = "/assets/index-Ab_1-2c.js"
    plain = server.ask("GET", path, token=False)
    assert plain.body == SCRIPT
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in plain.headers
    assert server.ask("GET", path, headers={"Accept-Encoding": "gzip"}).body == SCRIPT
    chosen = server.ask("HEAD", path, headers={"Accept-Encoding": "gzip, deflate;q=0.5, br;q=1, zstd"}).headers
    assert (chosen["content-encoding"], chosen["content-length"]) == ("br", str(len(SOME["br"])))
    assert all("accept-encoding" in found["vary"].lower() for found in (plain.headers, chosen))


@pytest.mark.parametrize(
    ("name", "media"),
    [("geist-x1.woff2", "font/woff2"), ("mark-y2.svg", "image/svg+xml"), ("plain-z3.css", "text/css; charset=utf-8")],
)
def test_what_an_asset_is(server: ApiServer, name: str, media: str):
    reply = server.ask("GET", f"/assets/{name}", headers={"Accept-Encoding": "br"})
    assert (reply.headers["content-type"], reply.body) == (media, name.encode())


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none-1.js",
        "/assets/..%2Fsecret.js",
        "/assets/%2e%2e/secret.js",
        "/assets/../secret.js",
        "/assets//etc/passwd",
        "/assets/..%2f.fingerprint",
        "/assets/.hidden.js",
        "/assets/odd.exe",
        "/assets/index-Ab_1-2c.js.br",
        "/assets/index-Ab_1-2c.js%00.css",
        "/assets/index-Ab_1-2c.js%0a",
        "/assets/",
        "/assets",
        "/index.html",
        "/secret.js",
        "/runs/",
        "/runs/digits/3/train/2/more",
        "/nothing",
    ],
)
def test_what_is_no_part_of_it(server: ApiServer, path: str):
    assert server.ask("GET", path).status == 404


def test_an_address_that_no_page_has_is_told_on_the_page(server: ApiServer):
    accept = {"Accept": "text/html,*/*;q=0.8"}
    reply = server.ask("GET", "/models", headers=accept, token=False)
    assert (reply.status, reply.body) == (404, server.ask("GET", "/", token=False).body)
    assert server.ask("GET", "/models", token=False).error["code"] == "no_such_path"
    for path in ("/api/v1/models", "/assets/models/x"):
        assert server.ask("GET", path, headers=accept).error["code"] == "no_such_path"


def test_a_page_takes_nothing(server: ApiServer):
    assert server.ask("POST", "/runs").status == 405


def test_without_a_page_the_mend_is_named(tmp_path: Path):
    folder = tmp_path / "work"
    folder.mkdir()
    with serving(folder, before=BUILT.format(folder=str(tmp_path / "none"))) as server:
        for path in ("/", "/runs/digits/3"):
            reply = server.ask("GET", path)
            assert reply.status == 200
            assert b"`make ui` in a checkout" in reply.body
        assert server.get("/meta").status == 200
        assert server.ask("GET", "/assets/index-1.js").error["code"] == "no_such_asset"
        server.process.terminate()
        said = server.process.communicate(timeout=60)[1]
    assert "note: the API alone, since its page is not built: run `make ui` in a checkout of Penstock" in said
