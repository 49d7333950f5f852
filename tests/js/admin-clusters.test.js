import assert from "node:assert/strict";
import { test } from "node:test";
import { clustered } from "../../static/js/admin/clusters.js";

test("points that lie within one square are one cluster at their mean", () => {
  const found = clustered([48.01, 48.03, -30], [2.01, 2.03, 140], 1);
  assert.deepEqual(found.map(({ count }) => count), [1, 2], "the largest last");
  assert.ok(Math.abs(found[1].lat - 48.02) < 1e-9 && Math.abs(found[1].lng - 2.02) < 1e-9);
});

test("closer, they come apart, and none is lost", () => {
  const lat = Array.from({ length: 300 }, (_, index) => (index % 20) * 3);
  const lng = Array.from({ length: 300 }, (_, index) => (index % 15) * 5);
  const [far, near] = [clustered(lat, lng, 0), clustered(lat, lng, 6)];
  assert.ok(far.length < near.length);
  for (const found of [far, near]) assert.equal(found.reduce((sum, { count }) => sum + count, 0), 300);
});
