import assert from "node:assert/strict";
import { test } from "node:test";

import { LayersFeed } from "../../static/js/net/layers.js";

const COMING = { state: "coming", probability: null, occlusion: null, view: { url: "/view" } };
const READY = { ...COMING, state: "ready", occlusion: { url: "/heat" } };
const A_MINUTE_AND_MORE = 120;

globalThis.window = globalThis;

/** What the feed says while the server answers by `answer`, and how to let seconds pass. */
function watching(t, answer) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const said = [];
  const asked = [];
  const api = { layers: async (round) => asked.push(round) && answer(asked.length) };
  const feed = new LayersFeed(api, (layers) => said.push(layers));
  const pass = async (seconds) => {
    for (let i = 0; i < seconds; i++) {
      t.mock.timers.tick(1000);
      for (let k = 0; k < 5; k++) await Promise.resolve();
    }
  };
  return { feed, said, asked, pass };
}

test("layers that come late are shown without a question", async (t) => {
  const { feed, said, pass } = watching(t, (times) => (times < 4 ? COMING : READY));
  feed.watch("r1");
  await pass(10);
  assert.deepEqual(said.at(-1), READY);
  assert.ok(said.slice(0, -1).every(({ state }) => state === "coming"));
});

test("after a minute the page says that it has stopped, keeps what came, and asks again when told", async (t) => {
  let answer = COMING;
  const { feed, said, asked, pass } = watching(t, () => answer);
  feed.watch("r1");
  await pass(A_MINUTE_AND_MORE);
  assert.deepEqual(said.at(-1), { ...COMING, state: "late" });
  const before = asked.length;
  await pass(A_MINUTE_AND_MORE);
  assert.equal(asked.length, before);
  answer = READY;
  feed.again();
  assert.equal(said.at(-1).state, "coming");
  await pass(1);
  assert.deepEqual(said.at(-1), READY);
});

test("a server that does not answer is no server without layers", async (t) => {
  const { feed, said, pass } = watching(t, () => Promise.reject(new Error("down")));
  feed.watch("r1");
  await pass(A_MINUTE_AND_MORE);
  assert.equal(said.at(-1).state, "late");
});

test("after another round was opened nobody hears of the one before", async (t) => {
  const { feed, said, pass } = watching(t, () => COMING);
  feed.watch("r1");
  await pass(2);
  feed.stop();
  const before = said.length;
  feed.again();
  await pass(A_MINUTE_AND_MORE);
  assert.equal(said.length, before);
});
