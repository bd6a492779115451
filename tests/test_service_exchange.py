"""The service from day to day: processes that die, costly requests, rules that are exchanged, what is new."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from served import ENDLESS, EndlessDesk, here, wait_for
from test_service import ask, error_of, post

import sky_model as sky
from sky_model.host import changed, workers
from sky_model.host.requests import Desk
from sky_model.host.service import Limits, app_of

CALENDAR = "example-week-43/2026-27"
LESSONS, SHARE = sky.load("presets/lessons-per-term"), sky.load("presets/share-of-12-weeks")
ENROLLED = sky.Enrolment("s-3", grade=8, since=date(2026, 8, 12), lessons_per_week=30, calendar=CALENDAR, id="e-1")
MARKS = [sky.Mark(date(2026, 9, d), lessons=6, kind="health", id=f"mark-{d}") for d in (1, 2, 3, 4, 7)]


@pytest.fixture(autouse=True)
def _processes_find_the_endless_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", here()["PYTHONPATH"])


def record(*more: sky.Mark | sky.Retracted | sky.ActionTaken, pupil: str = "p-17") -> dict[str, Any]:
    return sky.Case(pupil, events=[ENROLLED, *MARKS, *more]).to_json()


def decide_on(on: str, said: dict[str, Any]) -> dict[str, Any]:
    return {"format": 1, "id": "r-1", "on": on, "record": said}


ASKED = decide_on("2026-09-08", record())


# ---------------------------------------------------------------------- processes
def test_a_process_that_is_killed_while_it_works_costs_nobody_an_answer() -> None:
    app = app_of(EndlessDesk(LESSONS), Limits(workers=1))
    assert post("/decide", ASKED, app).status_code == 200
    (worker,) = app.service.workers.quick.all

    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://here") as client:
            first = asyncio.ensure_future(client.post("/rules", json={"format": 1, "id": "r-1", "on": "2026-10-01"}))
            worker.process.kill()  # whether it has begun by then or not
            return await first

    assert asyncio.run(run()).status_code == 200
    lost = worker.process
    tell = workers._tell

    def tell_and_kill(stream: Any, value: Any) -> None:
        tell(stream, value)
        if worker.process is lost and stream is lost.stdin:
            lost.kill()

    workers._tell = tell_and_kill  # the request is in the process, and the process dies with it
    try:
        assert post("/decide", ASKED, app).json()["answer"] == "decide"
    finally:
        workers._tell = tell
    assert worker.process is not lost


@pytest.mark.long
def test_costly_requests_hold_up_no_ordinary_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "QUICK", 1.5)
    app = app_of(EndlessDesk(LESSONS), Limits(workers=2, seconds=3600))
    assert post("/decide", ASKED, app).status_code == 200

    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://here", timeout=600) as client:
            costly = [asyncio.ensure_future(client.post("/decide", json=ENDLESS)) for _ in range(4)]
            await asyncio.sleep(0.1)
            ordinary = await client.post("/decide", json=ASKED)
            for x in costly:
                assert not x.done()
                x.cancel()
            return ordinary

    assert asyncio.run(run()).json()["answer"] == "decide"


def test_a_costly_request_that_takes_longer_than_it_may_is_told_so_by_the_second_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "QUICK", 0.3)
    app = app_of(EndlessDesk(LESSONS), Limits(workers=1, seconds=1))
    said = error_of(post("/decide", ENDLESS, app), 503)
    assert (said["code"], "1 seconds" in said["hint"]) == ("time", True)


# ---------------------------------------------------------------------- other rules, and how it is
@pytest.mark.long
def test_rules_are_exchanged_while_it_serves_and_no_request_is_lost() -> None:
    app = app_of(Desk(LESSONS), Limits(workers=2))
    assert post("/decide", ASKED, app).json()["decide"]["basis"]["ruleset"]["fingerprint"] == LESSONS.fingerprint
    found: list[str] = []

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://here", timeout=600) as client:
            exchanging = threading.Thread(target=app.service.exchange, args=(Desk(SHARE),))
            exchanging.start()
            while exchanging.is_alive() or len(found) < 20:
                said = await client.post("/decide", json=ASKED)
                found.append(said.json()["decide"]["basis"]["ruleset"]["fingerprint"])
            for _ in range(6):
                said = await client.post("/decide", json=ASKED)
                assert said.json()["decide"]["basis"]["ruleset"]["fingerprint"] == SHARE.fingerprint

    asyncio.run(run())
    assert set(found) <= {LESSONS.fingerprint, SHARE.fingerprint}
    assert ask("GET", "/health", app).json()["ruleset"]["fingerprint"] == SHARE.fingerprint


def test_health_is_told_at_once_also_when_nobody_is_let_in() -> None:
    app = app_of(EndlessDesk(LESSONS), Limits(workers=1, at_once=1, seconds=3600))

    async def run() -> tuple[httpx.Response, httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://here") as client:
            first = asyncio.ensure_future(client.post("/decide", json=ENDLESS))
            await asyncio.sleep(0.1)
            busy, health = await client.post("/decide", json=ASKED), await client.get("/health")
            first.cancel()
            return busy, health

    busy, health = asyncio.run(run())
    assert busy.status_code == 503
    assert health.status_code == 200
    assert (health.json()["status"], health.json()["workers"]["of"]) == ("ok", 1)
    assert "p-" not in health.text


# ---------------------------------------------------------------------- what is new since yesterday
APP = app_of(Desk(LESSONS), Limits(workers=1))
LATER = sky.Mark(date(2026, 9, 9), lessons=6, kind="unauthorised", id="mark-9", recorded=date(2026, 9, 9))
LESS = [sky.Mark(date(2026, 9, d), lessons=0, kind="health", id=f"mark-{d}", recorded=date(2026, 9, 9)) for d in (4, 7)]


def changes(app: Any = APP, **asked: Any) -> dict[str, Any]:
    response = post("/changes", {"format": 1, "id": "r-1", **asked}, app)
    assert response.status_code == 200, response.text
    said: dict[str, Any] = response.json()["changes"]
    jsonschema.Draft202012Validator(changed.schema_of_answer("changes")["properties"]["changes"]).validate(said)
    return said


def yesterday(app: Any = APP, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = post("/decide", ASKED | more, app).json()["decide"]
    return found


def test_what_is_new_withdrawn_and_done_since_yesterday_is_told_by_basis_and_record_as_by_the_stored_decision() -> None:
    was, now = yesterday(), record(LATER, *LESS)
    talk = next(t["name"] for t in was["tasks"] if t["action"] == "talk-with-pupil")
    for earlier in (
        was,
        {"on": was["on"], "basis": was["basis"], "record": record()},
        {"on": was["on"], "basis": was["basis"]},  # the record of now says what was known then
    ):
        said = changes(on="2026-09-09", record=now, earlier=earlier)
        assert [t["action"] for t in said["tasks"]["new"]] == ["absence-notice-to-guardian"]
        assert said["tasks"]["withdrawn"] == [talk]  # the name that it had yesterday, though its ground was corrected
    done = sky.ActionTaken("talk-with-pupil", "done", date(2026, 9, 9), by="homeroom-teacher", id="answer-1")
    said = changes(on="2026-09-09", record=record(done), earlier=was)
    assert [t["name"] for t in said["tasks"]["done"]] == [talk]


def test_names_of_tasks_survive_new_rules(tmp_path: Any) -> None:
    top = tmp_path / "town"
    top.mkdir()
    (top / "ruleset.yaml").write_text(
        "format: 1\nruleset: town\nversion: 2026-1\nextends: presets/lessons-per-term\nstatus: draft\nvalid_from: 2026-08-12\n"
        "name: {en: Town}\nset:\n  - {parameter: talk-deadline, to: 5, because: ours}\n",
        encoding="utf-8",
    )
    was = yesterday()
    upgraded = app_of(Desk(sky.load(top, allow={"draft"})), Limits(workers=1))
    said = changes(upgraded, on="2026-09-09", record=record(), earlier=was)
    assert said["tasks"]["new"] == []
    assert said["tasks"]["ended"] == []
    assert said["tasks"]["withdrawn"] == []
    earlier = {"on": was["on"], "basis": was["basis"], "record": record()}
    refused = error_of(post("/changes", decide_on("2026-09-09", record()) | {"earlier": earlier}, upgraded), 422)
    assert refused["code"] == "basis-other"
    assert "stored" in refused["hint"]


@pytest.mark.parametrize(
    ("earlier", "code"),
    [
        (5, "field-type"),
        ({"on": "2026-09-08"}, "field-missing"),
        ({"basis": {}}, "field-missing"),
        ({"on": "2026-09-08", "basis": 3}, "field-type"),
        ({"on": "yesterday", "basis": {}}, "day"),
        ({"on": "2026-09-08", "basis": {}, "more": 1}, "field-unknown"),
        ({"on": "2026-10-08", "basis": {}}, "not-earlier"),
        ({"on": "2026-09-08", "basis": {"ruleset": "131052-308T"}}, "basis-other"),
        ({"format": 1, "pupil": "131052-308T"}, None),
    ],
)
def test_an_earlier_decision_that_cannot_be_is_a_clear_error(earlier: Any, code: str | None) -> None:
    response = post("/changes", decide_on("2026-09-09", record()) | {"earlier": earlier}, APP)
    said = error_of(response, 422)
    assert code is None or said["code"] == code
    assert said["code"] != "internal"
    assert "131052" not in response.text
    assert json.loads(response.text)["id"] == "r-1"


# ---------------------------------------------------------------------- the command
@pytest.mark.long
@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="skipped: there is no SIGHUP")
def test_a_sighup_reads_the_rules_anew_and_with_a_fault_in_them_the_old_ones_go_on(tmp_path: Path) -> None:
    file = tmp_path / "ruleset.yaml"

    def write(version: int) -> None:
        head = f"format: 1\nruleset: town\nversion: 2026-{version}\nextends: presets/lessons-per-term\nstatus: draft\n"
        file.write_text(head + "valid_from: 2026-08-12\nname: {en: Town}\n", encoding="utf-8")

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    write(1)
    command = [sys.executable, "-m", "sky_model.cli", "serve", "--http", "--port", str(port)]
    options = ["--rules", str(tmp_path), "--allow", "draft"]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None

        def rules() -> str:
            with suppress(httpx.TransportError):
                return str(httpx.get(f"http://127.0.0.1:{port}/health").json()["ruleset"]["name"])
            return ""

        try:
            assert wait_for(lambda: rules() == "town/2026-1", 60)
            write(2)
            process.send_signal(signal.SIGHUP)
            assert wait_for(lambda: rules() == "town/2026-2", 60)
            file.write_text("format: [", encoding="utf-8")
            process.send_signal(signal.SIGHUP)
            said = ""
            while "go on" not in said:
                said += process.stderr.readline()
            assert "ruleset.yaml:2:1" in said
            assert "Traceback" not in said
            assert rules() == "town/2026-2"
        finally:
            process.terminate()
