"""Nothing that a user stored is unpickled in the server: values that would tell are planted wherever one can stand, and
every route is asked about all of them."""

from __future__ import annotations

import json
import pickle
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from penstock.server.artifact_routes import PlaceQuery
from penstock.server.openapi import operation_id
from penstock.server.route_table import ROUTES
from penstock.server.routing import Route
from tests.api_server import ApiServer, serving
from tests.system.flows import Project, wait_until

TELL = "import os, sys\nif 'ui' in sys.argv: open(os.environ.get('TOLD') or 'told', 'a').write('it was unpickled')"
"""In the server alone: drivers and workers unpickle what they are to work with."""

HEARD = """
import os, sys
def hear(event, found):
    if event == "pickle.find_class":
        with open(os.environ["HEARD"], "a") as file:
            file.write(f"{found}")
sys.addaudithook(hear)
"""
"""Python's own word for it, whatever is unpickled."""

SOURCE = f"""
    import threading
    import numpy as np, pandas as pd
    from penstock import HTML, display

    class Trap:
        def __reduce__(self):
            return exec, ({TELL!r},)

    class Told(Exception):
        def __init__(self, *words):
            super().__init__(*words)
            self.trap = Trap()
        def __reduce__(self):
            return Told, (Trap(), *self.args)

    class Keeping(dict):
        trap = Trap()

    @step
    def made(given, other=None):
        print("made")
        for n in range(3_000):
            log_metrics({{"loss": 1.0}}, step=n)
        return [Trap(), given]

    @step(cache=True)
    def table():
        return pd.DataFrame({{"n": np.arange(5_000), "trap": [Trap()] * 5_000}})

    @step
    def array():
        return np.array([Trap(), Trap()], object)

    @step
    def unstable():
        return pd.DataFrame({{"n": np.arange(5_000), "odd": [object(), Trap()] * 2_500}})

    @step
    def plain():
        return b"\\x80\\x04 as bytes" * 1000

    @step
    def image():
        return np.zeros((20, 30), "u1")

    @step
    def each(item, same):
        return Trap()

    @step(retries=1)
    def fails():
        raise Told("wrong")

    @step
    def shows():
        display(pd.DataFrame({{"trap": [Trap()], "n": [1]}}), "table")
        display(HTML("<b>"), "page")
        display([Trap()], "list")
        display("# In words", "words")
        current.note("noted")
        current.tag("tagged")

    @flow
    def inner(given):
        return made(given)

    @flow
    def main(given: object = Trap(), n: int = 1):
        log_metrics({{"score": n}})
        display(pd.DataFrame({{"trap": [Trap()]}}), "of body")
        table(), array(), unstable(), plain(), image(), shows()
        each.map([Trap(), Trap()], same=Trap()).result()
        future = made.submit(Trap())
        made([future], other=Keeping(a=Trap()))
        inner(Trap())
        try:
            fails()
        except Told:
            pass
        return {{"trap": Trap()}}
"""
QUERIES = {
    "TasksQuery": "ids={tasks}",
    "RunsQuery": "columns=loss,score,n",
    "ArtifactsQuery": "ids={artifacts}",
    "SearchQuery": "q=m",
    "CompleteQuery": "q=gi",
    "CompareQuery": "runs=main&metric=score",
    "GraphQuery": "open=inner",
    "GroupsQuery": "by=flow",
    "SmallCurvesQuery": "ids=1,2&metrics=score",
}
BODIES = {
    "TicketBody": {"path": "/api/v1/artifacts/unstable/raw"},
    "BatchBody": {"runs": ["main/1", "main/2"], "names": ["loss", "score"]},
    "TagBody": {"add": ["more"]},
    "NoteBody": {"note": "more"},
}


class Trap:
    """The same, made by the test."""

    def __reduce__(self) -> Any:
        return exec, (TELL,)


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[Project]:
    with clean_project(tmp_path_factory.mktemp("pickles") / "work") as project:
        project.write(SOURCE)
        for n in (1, 2):
            assert project.run(n=n).status == "done"
        damage(project)
        yield project


def damage(project: Project) -> None:
    """Put pickles in the place of what is no pickle: of the second run's texts in rows, points and logs; and where an
    action stands."""
    home = project.folder / ".penstock"
    text = pickle.dumps(Trap(), 0).decode()
    with closing(sqlite3.connect(home / "journal.db")) as journal, journal:
        journal.execute("UPDATE task SET layout = ?, preview = ? WHERE id >> 32 = 2", (text, text))
        journal.execute("UPDATE recorded SET data = ? WHERE run_id = 2", (text,))
        points = journal.execute(
            "SELECT blob, size FROM metric WHERE task_id >> 32 = 2 AND blob IS NOT NULL"
        ).fetchall()
    assert points
    for digest, size in points:
        (file,) = (home / "store").rglob(f"*{digest[3:].hex()}")
        file.chmod(0o600)
        file.write_bytes(pickle.dumps(Trap()).ljust(size, b"."))
    files = [file for file in (home / "logs" / "main").glob("2-*/*") if file.is_file()]
    assert files
    for file in files:
        file.write_bytes(pickle.dumps(Trap()))
    action = home / "actions" / ("0" * 32)
    action.mkdir(parents=True)
    for name in ("action.json", "out", "log", "pid", "code"):
        (action / name).write_bytes(pickle.dumps(Trap()))


class Asked:
    """A server, and all that there is to ask it about."""

    def __init__(self, server: ApiServer) -> None:
        self.tasks: list[tuple[str, str, str]] = []  # run's number, step, number
        self.ids: dict[str, list[int]] = {}
        self.values: list[tuple[str, dict[str, str]]] = []  # digest, where it stands
        for run in ("1", "2"):
            path = f"/runs/main/{run}"
            self.ids[run] = server.get(f"{path}/tasks:index").json["ids"]
            rows = server.get(f"{path}/tasks?ids={','.join(map(str, self.ids[run]))}").json["rows"]
            self.tasks += [(run, row["step"], str(row["number"])) for row in rows]
            found = [(row["result"], {"of": f"main/{run}/{row['task']}"}) for row in rows]
            for row in server.get(f"{path}/displays").json["rows"]:
                found.append((row["value"], {"of": row["task"], "display": row["name"]}))
            for one in server.get(f"{path}/params").json["params"]:
                found.append((one["value"], {"of": f"main/{run}", "param": one["name"]}))
            found.append((server.get(path).json["run"]["result"], {"of": f"main/{run}"}))
            self.values += [(value["digest"] or "unstable", place) for value, place in found if value]
        self.values += [(digest, {}) for digest in dict.fromkeys(digest for digest, _ in self.values)]
        self.artifacts = server.get("/artifacts:index").json["ids"]

    def paths(self, route: Route) -> Iterator[str]:
        """What a route can be asked for."""
        tasks = self.tasks if "step" in route.names else [("1", "", ""), ("2", "", "")]
        for run, step, number in tasks if "number" in route.names else tasks[:1]:
            names = {"flow": "main", "number": run, "step": step, "task": number, "attempt": "1", "action": "0" * 32}
            for digest, place in self.values if "digest" in route.names else [("", {})]:
                for name in ("loss", "score") if "name" in route.names else [""]:
                    known = names | {"digest": digest, "name": name}
                    path = route.full_path
                    for key in route.names:
                        path = path.replace(f"{{{key}}}", quote(known[key], safe=""))
                    yield path + self.query(route, run, place)

    def query(self, route: Route, run: str, place: dict[str, str]) -> str:
        if route.method != "GET":
            return "?dry_run=1" if route.query is not None else ""
        if route.query is None:
            return ""
        if issubclass(route.query, PlaceQuery):
            return f"?{urlencode(place | ({'column': '0'} if route.path.endswith('/stats') else {}))}"
        ids = {"tasks": self.ids[run], "artifacts": self.artifacts}
        listed = {name: ",".join(map(str, numbers)) for name, numbers in ids.items()}
        return "?" + QUERIES.get(route.query.__name__, "").format(**listed)


def test_what_was_planted_tells(project: Project) -> None:
    """Else the next test would hold of anything."""
    for target in ("main/1/made/1", "main/1/array/1", "main/1/table/1", "main/1"):
        project.penstock("get", target, "-o", "ui", "--force")
        assert (project.folder / "told").read_text(), target
        (project.folder / "told").unlink()


def listened(server: ApiServer) -> set[str]:
    """What a stream tells of all that there is, from the first change on."""
    topics = ["runs", *(f"{kind}:main/{n}{of}" for n in (1, 2) for kind, of in (("run", ""), ("task", "/made/1")))]
    stream = server.listen(f"/events?{urlencode({'topics': ','.join(topics)})}", "0")
    try:
        missing = {"runs", "run.graph", "run.tasks"}
        stream.until(lambda event: missing.discard(event.name) or not missing)
    finally:
        stream.close()
    return {"get_events"}


NOWHERE = {"get_actions_action", "post_runs_flow_number_cancel", "post_runs_flow_number_resume"}
"""What finds nothing here: the action is damaged, and the runs are over."""


def test_no_route_unpickles_anything(project: Project, tmp_path: Path) -> None:
    told, heard = tmp_path / "told", tmp_path / "heard"
    environ = {"TOLD": str(told), "HEARD": str(heard)}
    answered: set[str] = set()
    with serving(project.folder, environ=environ, before=HEARD) as server:
        asked = Asked(server)
        assert len(asked.tasks) > 20
        for route in ROUTES:
            body = json.dumps(BODIES.get(route.body.__name__, {})).encode() if route.body is not None else b""
            for path in asked.paths(route):
                reply = server.ask(route.method, path, body)
                assert reply.status < 500, (route.method, path, reply)
                if reply.status < 300:
                    answered.add(operation_id(route))
                if reply.status == 202 and reply.json["action"]:
                    id_ = reply.json["action"]
                    wait_until(lambda id_=id_: server.get(f"/actions/{id_}").json["state"] != "running")
        answered |= listened(server)
        assert not told.exists()
        assert not heard.exists(), heard.read_text()
    assert {operation_id(route) for route in ROUTES} - answered == NOWHERE
