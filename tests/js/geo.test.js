import assert from "node:assert/strict";
import { test } from "node:test";

import { centralLng, greatCircle, mercatorX, mercatorY, nearLng, normalised, wrapLng } from "../../static/js/core/geo.js";

const close = (actual, expected, within = 1e-6) => assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);

test("longitudes wrap into [-180, 180)", () => {
  for (const [lng, expected] of [[0, 0], [180, -180], [-180, -180], [190, -170], [-190, 170], [720, 0], [541, -179]]) {
    assert.equal(wrapLng(lng), expected);
  }
});

test("the nearest copy of a longitude may lie beyond 180", () => {
  assert.equal(nearLng(-175, 178), 185);
  assert.equal(nearLng(178, -175), -182);
  assert.equal(nearLng(10, 20), 10);
});

test("what is sent is in range and rounded", () => {
  assert.deepEqual(normalised({ lat: 91, lng: 725.12345678 }), { lat: 90, lng: wrapLng(725.123457) });
  const { lng } = normalised({ lat: 0, lng: 179.9999999 });
  assert.ok(lng >= -180 && lng < 180);
});

test("web mercator maps the world to the unit square", () => {
  close(mercatorX(-180), 0);
  close(mercatorX(180), 1);
  close(mercatorY(0), 0.5);
  close(mercatorY(85.0511287798066), 0);
  close(mercatorY(-90), 1);
});

test("a line across the antimeridian goes the short way, without a jump", () => {
  const line = greatCircle({ lat: -18, lng: 178 }, { lat: -21, lng: -175 });
  assert.ok(line.length > 2);
  for (let i = 1; i < line.length; i++) assert.ok(Math.abs(line[i].lng - line[i - 1].lng) < 10);
  close(line[line.length - 1].lng, 185);
  close(line[line.length - 1].lat, -21);
});

test("a long line bends towards the pole", () => {
  const line = greatCircle({ lat: 50, lng: -120 }, { lat: 50, lng: 10 });
  assert.ok(Math.max(...line.map(({ lat }) => lat)) > 65);
});

test("the same place, and the antipodes, give a straight line and no NaN", () => {
  for (const to of [{ lat: 10, lng: 20 }, { lat: -10, lng: -160 }]) {
    const line = greatCircle({ lat: 10, lng: 20 }, to);
    assert.equal(line.length, 2);
    assert.ok(line.every(({ lat, lng }) => Number.isFinite(lat) && Number.isFinite(lng)));
  }
});

test("the central longitude holds places on both sides of the antimeridian together", () => {
  close(Math.abs(centralLng([170, -170])), 180);
  close(centralLng([-10, 30]), 10);
  close(centralLng([42]), 42);
  assert.equal(centralLng([]), 0);
});
