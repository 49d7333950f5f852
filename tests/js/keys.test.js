import assert from "node:assert/strict";
import { test } from "node:test";

import { intent, turn } from "../../static/js/core/keys.js";

const press = (key, changes = {}) =>
  intent({ key, repeat: false, modified: false, focus: "page", phase: "guessing", crosshair: false, ...changes });

test("space and enter guess, then go on", () => {
  for (const key of [" ", "Enter"]) {
    assert.equal(press(key), "guess");
    assert.equal(press(key, { phase: "result" }), "next");
    assert.equal(press(key, { phase: "stored" }), "next");
    assert.equal(press(key, { phase: "summary" }), null);
    assert.equal(press(key, { phase: "preparing" }), null);
  }
});

test("a held key neither guesses nor skips the result", () => {
  for (const phase of ["guessing", "result", "summary"]) assert.equal(press(" ", { repeat: true, phase }), null);
});

test("fields keep their keys, buttons their space and enter", () => {
  for (const key of [" ", "Enter", "m", "a", "Escape"]) assert.equal(press(key, { focus: "field" }), null);
  assert.equal(press(" ", { focus: "control" }), null);
  assert.equal(press("m", { focus: "control" }), "toggle-map");
});

test("on the map enter sets the pin at the crosshair, but after a click it guesses", () => {
  assert.equal(press("Enter", { focus: "map", crosshair: true }), "pin-centre");
  assert.equal(press("Enter", { focus: "map" }), "guess");
  assert.equal(press(" ", { focus: "map", crosshair: true }), "guess");
});

test("arrows belong to the map when it has the focus, else to the picture", () => {
  assert.equal(press("ArrowLeft", { focus: "map" }), null);
  assert.equal(press("ArrowLeft"), "turn");
  assert.equal(press("A"), "turn");
  assert.equal(press("ArrowLeft", { phase: "result" }), null);
});

test("the browser's own shortcuts are left alone", () => {
  assert.equal(press("r", { modified: true }), null);
  assert.equal(press("r"), "reset-view");
});

test("each key turns one way", () => {
  assert.deepEqual(turn("ArrowLeft"), [-1, 0, 0]);
  assert.deepEqual(turn("D"), [1, 0, 0]);
  assert.deepEqual(turn("w"), [0, 1, 0]);
  assert.deepEqual(turn("+"), [0, 0, -1]);
  assert.deepEqual(turn("-"), [0, 0, 1]);
});

test("escape leads from an old result back to the summary", () => {
  assert.equal(press("Escape", { phase: "result", replay: true }), "to-summary");
  assert.equal(press("Escape", { phase: "result" }), "leave-map");
});

test("the arrows lead from one old result to the next, but not where they move a map or choose a tab", () => {
  assert.equal(press("ArrowLeft", { phase: "result", replay: true }), "replay-previous");
  assert.equal(press("ArrowRight", { phase: "result", replay: true }), "replay-next");
  assert.equal(press("ArrowRight", { phase: "result" }), null);
  for (const focus of ["map", "control"]) assert.equal(press("ArrowRight", { phase: "result", replay: true, focus }), null);
});
