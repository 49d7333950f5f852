import assert from "node:assert/strict";
import { test } from "node:test";

import { PinCountry } from "../../static/js/net/pin-country.js";

const PERU = { code: "PE", name: "Peru" };
const LIMA = { lat: -12, lng: -77 };

globalThis.window = globalThis;

function asking(t, answer) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const asked = [];
  const told = [];
  const pin = new PinCountry(
    (place) => {
      asked.push(place);
      return answer(place);
    },
    (place, country) => told.push([place, country]),
  );
  const pass = async (ms) => {
    t.mock.timers.tick(ms);
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  return { pin, asked, told, pass };
}

test("the server is asked once, for the place where the pin has come to rest", async (t) => {
  const { pin, asked, told, pass } = asking(t, async () => ({ country: PERU }));
  for (const lng of [-70, -75, -76]) {
    pin.of({ lat: -12, lng });
    await pass(100);
  }
  pin.of(LIMA);
  await pass(1000);
  assert.deepEqual(asked, [LIMA]);
  assert.deepEqual(told, [[LIMA, PERU]]);
});

test("an answer for an earlier place is dropped", async (t) => {
  const answers = [];
  const { pin, told, pass } = asking(t, () => new Promise((resolve) => answers.push(resolve)));
  pin.of({ lat: 0, lng: 0 });
  await pass(1000);
  pin.of(LIMA);
  await pass(1000);
  answers[1]({ country: PERU });
  answers[0]({ country: null });
  await pass(0);
  assert.deepEqual(told, [[LIMA, PERU]]);
});

test("open sea is an answer, and no answer is told as none", async (t) => {
  const { pin, told, pass } = asking(t, async ({ lat }) => {
    if (lat === 1) throw new Error("down");
    return { country: null };
  });
  for (const lat of [0, 1]) {
    pin.of({ lat, lng: -30 });
    await pass(1000);
  }
  assert.deepEqual(told.map(([, country]) => country), [null, undefined]);
});

test("without a pin nobody is asked", async (t) => {
  const { pin, asked, pass } = asking(t, async () => ({ country: PERU }));
  pin.of(LIMA);
  pin.of(null);
  await pass(1000);
  assert.deepEqual(asked, []);
});
