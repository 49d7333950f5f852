"""docs/player-api.json and the code say the same; the example client plays a whole set over HTTP."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from django.test import Client
from django.urls import resolve

from geogame.lib.env import Limit
from geogame.panoramas.models import Map
from geogame.panoramas.services import withdraw
from geogame.round_sets.models import OutsidePlayer, RoundSet, SetAnswer
from geogame.round_sets.services import close, create, issue_token, revoke
from tests.conftest import ROOT
from tests.geogame.pages.addresses import addresses
from tests.geogame.round_sets.taking_part import client_of

FILE = ROOT / "docs" / "player-api.json"
DOCUMENT: dict[str, Any] = json.loads(FILE.read_text())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    (path, method): operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}
KNOWN = {
    *("$ref", "type", "properties", "required", "additionalProperties", "items", "enum", "const", "oneOf"),
    *("minimum", "maximum", "exclusiveMinimum", "pattern", "description", "format", "contentMediaType"),
}


# --- As much of JSON Schema as the document uses -----------------------------------------------------
def wrong(value: Any, schema: dict[str, Any], where: str = "$") -> list[str]:
    """What of the value does not fit the schema."""
    assert set(schema) <= KNOWN, f"the checker does not know {set(schema) - KNOWN}"
    if "$ref" in schema:
        return wrong(value, SCHEMAS[schema["$ref"].rpartition("/")[2]], where)
    if "oneOf" in schema:
        fits = [not wrong(value, one, where) for one in schema["oneOf"]]
        return [] if fits.count(True) == 1 else [f"{where}: fits {fits.count(True)} of oneOf"]
    found = (
        [f"{where}: {value!r} is none of {schema['enum']}"]
        if value not in schema.get("enum", [value])
        else []
    )
    if "const" in schema and value is not schema["const"]:
        found.append(f"{where}: {value!r} is not {schema['const']!r}")
    if "type" in schema and not is_of(value, schema["type"]):
        return [f"{where}: {value!r} is no {schema['type']}"]
    return found + wrong_inside(value, schema, where)


def is_of(value: Any, types: str | list[str]) -> bool:
    names = [types] if isinstance(types, str) else types
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, TYPES[name]) for name in names)


def wrong_inside(value: Any, schema: dict[str, Any], where: str) -> list[str]:
    if isinstance(value, dict):
        return wrong_object(value, schema, where)
    if isinstance(value, list):
        return [
            text
            for number, one in enumerate(value)
            for text in wrong(one, schema["items"], f"{where}[{number}]")
        ]
    if isinstance(value, str):
        return (
            [] if re.search(schema.get("pattern", ""), value) else [f"{where}: {value!r} is another pattern"]
        )
    if isinstance(value, int | float) and not isinstance(value, bool):
        least, most = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        fits = least <= value <= most and value > schema.get("exclusiveMinimum", -math.inf)
        return [] if fits else [f"{where}: {value} is out of range"]
    return []


def wrong_object(value: dict[str, Any], schema: dict[str, Any], where: str) -> list[str]:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    found = [f"{where}: {name} is missing" for name in schema.get("required", []) if name not in value]
    for name, one in value.items():
        if name in properties:
            found += wrong(one, properties[name], f"{where}.{name}")
        elif others is False:
            found.append(f"{where}: {name} is unknown")
        elif isinstance(others, dict):
            found += wrong(one, others, f"{where}.{name}")
    return found


def test_the_checker_sees_what_is_wrong() -> None:
    assert not wrong({"lat": 1, "lng": -2.5}, SCHEMAS["Answer"])
    assert not wrong({"refusal": True, "confidence": 0}, SCHEMAS["Answer"])
    for bad in ({}, {"lat": 1}, {"lat": 91, "lng": 1}, {"lat": "1", "lng": 1}, {"lat": 1, "lng": 1, "x": 1}):
        assert wrong(bad, SCHEMAS["Answer"]), bad
    assert wrong({"refusal": False}, SCHEMAS["Answer"])
    assert wrong({"sets": [{}]}, SCHEMAS["Sets"])
    assert wrong("short", SCHEMAS["Round"]["properties"]["id"])
    assert wrong(0, SCHEMAS["Set"]["properties"]["scale_km"])


# --- The document itself -----------------------------------------------------------------------------
def test_it_is_openapi() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    assert {"title", "version"} <= set(DOCUMENT["info"])
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    for (path, _), operation in OPERATIONS.items():
        assert set(re.findall(r"{(\w+)}", path)) == {one["name"] for one in operation.get("parameters", [])}
        for parameter in operation.get("parameters", []):
            assert (parameter["in"], parameter["required"]) == ("path", True)
        assert all(response["description"] for response in operation["responses"].values())
    text = json.dumps(DOCUMENT)
    for name in re.findall(r'"#/components/schemas/(\w+)"', text):
        assert name in SCHEMAS
    assert [name for name in SCHEMAS if f'schemas/{name}"' not in text] == []
    assert set(DOCUMENT["security"][0]) == set(DOCUMENT["components"]["securitySchemes"])


def test_it_has_the_addresses_of_the_code_and_no_others() -> None:
    described = {path.replace("{set}", "x" * 22).replace("{round}", "x" * 22) for path in DOCUMENT["paths"]}
    ours = {one.path() for one in addresses() if one.view.__module__ == "geogame.pages.players_api"}
    assert described == ours
    for path in described:
        assert resolve(path)


def test_it_has_the_methods_of_the_code(db: None) -> None:
    for (path, method), _ in OPERATIONS.items():
        address = path.replace("{set}", "x" * 22).replace("{round}", "x" * 22)
        answers = {
            name: getattr(Client(), name)(address).status_code for name in ("get", "post", "put", "delete")
        }
        assert [name for name, status in answers.items() if status != 405] == [method]


def test_it_is_served(client: Client) -> None:
    assert client.get("/api/openapi.json").json() == DOCUMENT


# --- Every answer of the code ------------------------------------------------------------------------
class Checked:
    """A player whose every answer must be one that the document has; it notes which it has seen."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.seen: set[tuple[str, str, int]] = set()

    def ask(self, path: str, body: object = None, *, method: str = "") -> Any:
        method = method or ("get" if body is None else "post")
        options = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        response = getattr(self.client, method)(path, **options)
        template = re.sub(
            r"rounds/[\w-]{22}", "rounds/{round}", re.sub(r"sets/[\w-]{22}", "sets/{set}", path)
        )
        described = OPERATIONS[template, method]["responses"].get(str(response.status_code))
        assert described, f"{method} {template}: {response.status_code} is not described"
        [(kind, content)] = described["content"].items()
        assert response["Content-Type"] == kind
        if kind == "application/json":
            assert wrong(response.json(), content["schema"]) == []
            self._check_code(response, described["description"])
        if response.status_code == 201:
            assert wrong(body, SCHEMAS["Answer"]) == [], "what is taken fits, too"
        self.seen.add((template, method, response.status_code))
        return response

    @staticmethod
    def _check_code(response: Any, description: str) -> None:
        if "error" in response.json():
            assert response.json()["error"]["code"] in re.findall(r"[a-z]+(?:-[a-z]+)*", description)


@pytest.fixture
def trial(make_map: Callable[..., Map]) -> RoundSet:
    return create(name="Trial", map_=make_map(5), seed=1)


def test_every_answer_of_the_code_is_described(trial: RoundSet, settings: Any, no_counts: None) -> None:
    robot = Checked(client_of("Robot"))
    base = f"/api/sets/{trial.token}/"
    robot.ask("/api/openapi.json")
    robot.ask("/api/sets/")
    one, two, three, *_ = robot.ask(base).json()["rounds"]
    robot.ask(one["picture"])
    full = {"country_probabilities": {"FR": 0.5}, "confidence": 0.5, "seen_in_training": False}
    for body in (
        {"lat": 1, "lng": 2, **full},
        {"lat": 1, "lng": 2, **full},
        {"lat": 2, "lng": 2},
        {"lat": 2},
    ):
        robot.ask(one["answer"], body)
    robot.ask(two["answer"], {"refusal": True})
    panorama = trial.rounds.select_related("panorama").get(token=three["id"]).panorama
    assert panorama
    withdraw(panorama)
    robot.ask(three["picture"])
    robot.ask(three["answer"], {"lat": 1, "lng": 1})
    robot.ask(f"{base}results/")
    close(trial)
    for path in ("/api/sets/", base, one["picture"], f"{base}results/"):
        robot.ask(path)
    robot.ask(three["answer"], {"lat": 1, "lng": 1})
    nowhere = base.replace(trial.token, "x" * 22)
    tails = {"": None, "results/": None, f"rounds/{one['id']}/picture/": None}
    for tail, body in (*tails.items(), (f"rounds/{one['id']}/answer/", {"lat": 1, "lng": 1})):
        robot.ask(nowhere + tail, body)
    everywhere = ["/api/sets/", base, f"{base}results/", one["picture"]]
    revoke(OutsidePlayer.objects.get())
    for limited in (False, True):
        if limited:
            settings.RATE_LIMITS = {"player-api": Limit(0, 1, 3600)}
            robot.client.get("/api/sets/")
        for path in everywhere:
            robot.ask(path)
        robot.ask(one["answer"], {"lat": 1, "lng": 1})
    described = {
        (path, method, int(status))
        for (path, method), operation in OPERATIONS.items()
        for status in operation["responses"]
    }
    assert described - robot.seen == set(), "described, and never seen"


# --- The example -------------------------------------------------------------------------------------
def test_the_example_has_forty_lines_at_most() -> None:
    source = (ROOT / "docs" / "example_player.py").read_text()
    assert len(source.splitlines()) <= 40
    modules = set(re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE)) - {"__future__"}
    assert modules <= set(sys.stdlib_module_names)


def example(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "docs" / "example_player.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.django_db(transaction=True)
def test_the_example_plays_a_whole_set(make_map: Callable[..., Map], live_server: Any) -> None:
    trial = create(name="Trial", map_=make_map(4), seed=1)
    token = issue_token("Robot")
    for _ in range(2):  # the second time nothing is left to answer
        run = example(live_server.url, token)
        assert (run.returncode, run.stderr) == (0, "")
    answers = SetAnswer.objects.filter(player__name="Robot", round__round_set=trial)
    assert answers.count() == 4
    assert set(answers.values_list("lat", "lng")) == {(48.8566, 2.3522)}
    wrong_token = example(f"{live_server.url}/", "wrong")
    assert wrong_token.returncode == 1
    assert "401" in wrong_token.stderr


@pytest.mark.django_db(transaction=True)
def test_the_example_goes_on_after_a_picture_that_is_gone(
    make_map: Callable[..., Map], live_server: Any
) -> None:
    trial = create(name="Trial", map_=make_map(4), seed=1)
    second = trial.rounds.select_related("panorama").get(number=2)
    assert second.panorama
    second.panorama.path.unlink()
    run = example(live_server.url, issue_token("Robot"))
    assert run.returncode == 0, run.stderr
    assert "410" in run.stderr
    answered = SetAnswer.objects.filter(player__name="Robot").values_list("round__number", flat=True)
    assert sorted(answered) == [1, 3, 4]


class Closing(BaseHTTPRequestHandler):
    """A server whose set closes after the first answer, and which has another set."""

    answers: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        round_ = {"picture": f"{self.path}picture/", "answer": f"{self.path}answer/"}
        told = {
            "/api/sets/": {"sets": [{"id": "one"}, {"id": "two"}]},
            "/api/sets/one/": {"rounds": [round_, round_, round_]},
            "/api/sets/two/": {"rounds": [round_]},
        }
        self._tell(200, told.get(self.path, {"picture": "any bytes"}))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        is_over = self.path in self.answers
        self.answers.append(self.path)
        self._tell(409 if is_over else 201, {"error": {"code": "set-closed"}})

    def _tell(self, status: int, content: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def test_the_example_goes_on_when_a_set_closes_meanwhile() -> None:
    Closing.answers.clear()
    with HTTPServer(("127.0.0.1", 0), Closing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run = example(f"http://127.0.0.1:{server.server_port}", "any")
        server.shutdown()
    assert run.returncode == 0, run.stderr
    assert Closing.answers == ["/api/sets/one/answer/"] * 3 + ["/api/sets/two/answer/"]
    assert run.stderr.count("409") == 2
