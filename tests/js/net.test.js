import assert from "node:assert/strict";
import { test } from "node:test";

import { problemOf } from "../../static/js/core/words.js";
import { Api } from "../../static/js/net/api.js";
import { ApiError } from "../../static/js/net/json.js";
import { retryDelay, socketUrl } from "../../static/js/net/socket.js";
import { checkCommand, checkSeal, sha256 } from "../../static/js/core/seal.js";

const urls = { snapshot: "/s/", guess: "/g/", next: "/n/", skip: "/k/" };
const boot = { urls, csrf_token: "token" };

function answering(t, response) {
  const calls = [];
  t.mock.method(globalThis, "fetch", async (url, init) => {
    calls.push([url, init]);
    return response();
  });
  return calls;
}

test("a guess sends a place and nothing else", async (t) => {
  const calls = answering(t, () => Response.json({ version: 1 }));
  await new Api(boot).guess("r1", { lat: 1, lng: 2 });
  const [[url, init]] = calls;
  assert.equal(url, "/g/");
  assert.deepEqual(JSON.parse(init.body), { round: "r1", lat: 1, lng: 2 });
  assert.equal(init.headers["X-CSRFToken"], "token");
});

test("an error keeps the server's code and sentence", async (t) => {
  answering(t, () => Response.json({ error: { code: "round-closed", message: "That round is over." } }, { status: 409 }));
  await assert.rejects(new Api(boot).next("r1"), { status: 409, code: "round-closed", message: "That round is over." });
});

test("an answer that is no JSON, and no answer at all, are errors too", async (t) => {
  answering(t, () => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  await assert.rejects(new Api(boot).snapshot(), { status: 502, code: "server-error" });
  t.mock.method(globalThis, "fetch", async () => {
    throw new TypeError("network");
  });
  await assert.rejects(new Api(boot).snapshot(), { status: 0, code: "no-answer" });
});

test("what can be tried again says so, what cannot is final", () => {
  const lost = problemOf("guess", new ApiError(0, "no-answer", ""));
  assert.equal(lost.retry, "guess");
  assert.match(lost.message, /pin is safe/);
  assert.equal(problemOf("next", new ApiError(400, "bad", "No.")).retry, null);
  assert.ok(problemOf("guess", new ApiError(404, "gone", "Gone.")).fatal);
});

test("the socket waits longer each time, up to a limit", () => {
  const delays = [0, 1, 2, 3, 10].map((attempt) => retryDelay(attempt, 0));
  assert.deepEqual(delays, [500, 1000, 2000, 4000, 15000]);
  assert.equal(retryDelay(0, 1), 600);
});

test("the socket follows the page's protocol", () => {
  assert.equal(socketUrl("/ws/g/", { protocol: "https:", host: "a.example" }), "wss://a.example/ws/g/");
  assert.equal(socketUrl("/ws/g/", { protocol: "http:", host: "localhost:8000" }), "ws://localhost:8000/ws/g/");
});

test("a seal holds only for its own text and the digest that was shown", async () => {
  const seal = { preimage: "round r1 é", digest: await sha256("round r1 é") };
  assert.equal(await checkSeal(seal, seal.digest), true);
  assert.equal(await checkSeal(seal, null), true);
  assert.equal(await checkSeal(seal, "0".repeat(64)), false);
  assert.equal(await checkSeal({ ...seal, preimage: "another" }, null), false);
});

test("the command to check a seal elsewhere survives every quote", () => {
  assert.equal(checkCommand('{"a": 1}'), `printf %s '{"a": 1}' | sha256sum`);
  assert.equal(checkCommand("it's"), `printf %s 'it'\\''s' | sha256sum`);
});

test("a skip names the round, what belongs to the game lies below its address", async (t) => {
  const calls = answering(t, () => Response.json({ state: "none" }));
  const api = new Api(boot);
  await api.skip("r1");
  await api.layers("a/b");
  await api.share();
  await api.challenge();
  assert.deepEqual(calls.map(([url]) => url), ["/k/", "/s/rounds/a%2Fb/layers/", "/s/share/", "/s/challenge/"]);
  assert.deepEqual(JSON.parse(calls[0][1].body), { round: "r1" });
  assert.equal(calls[1][1].method, "GET");
});
