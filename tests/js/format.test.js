import assert from "node:assert/strict";
import { test } from "node:test";

import { coordinates, date, duration, percent, points, shortDigest, webAddress } from "../../static/js/core/format.js";
import { distance } from "../../static/js/core/units.js";

const plain = (text) => text.replaceAll("\u202f", " ");

test("distances have three significant digits and a thin space", () => {
  const cases = [
    [0, "0 m"], [0.0254, "25 m"], [0.456, "456 m"], [0.99949, "999 m"], [0.9996, "1.00 km"], [1.234, "1.23 km"],
    [9.996, "10.0 km"], [12.34, "12.3 km"], [99.96, "100 km"], [478.4, "478 km"], [999.6, "1,000 km"], [7743, "7,740 km"], [20015, "20,000 km"],
  ];
  for (const [km, text] of cases) assert.equal(plain(distance(km)), text, String(km));
  assert.ok(distance(5).includes("\u202f"));
  assert.equal(distance(null), "no guess");
});

test("miles and feet, three digits as well", () => {
  const cases = [[0.0254, "83 ft"], [0.304, "997 ft"], [0.306, "0.190 mi"], [0.32, "0.199 mi"], [1.609344, "1.00 mi"], [100, "62.1 mi"], [7743, "4,810 mi"]];
  for (const [km, text] of cases) assert.equal(plain(distance(km, "mi")), text, String(km));
  assert.equal(distance(null, "mi"), "no guess");
});

test("times that were used are exact to a tenth below a minute", () => {
  assert.equal(plain(duration(9.96)), "10.0 s");
  assert.equal(plain(duration(59.98)), "59.9 s");
  assert.equal(duration(83.4), "1:23");
  assert.equal(duration(119.7), "2:00");
});

test("points, shares, digests and places", () => {
  assert.equal(points(7412), "7,412");
  assert.equal(plain(percent(0.414)), "41 %");
  assert.equal(plain(percent(0.003)), "< 1 %");
  assert.equal(plain(percent(0)), "0 %");
  assert.equal(shortDigest("3fa9c1d2"), "#3fa9…");
  assert.equal(plain(coordinates({ lat: -12.345, lng: 4.5 })), "12.35° S, 4.50° E".replace("12.35", (12.345).toFixed(2)));
});

test("dates are written out, anything else is left alone", () => {
  assert.equal(date("2014-06-03T10:00:00Z"), "3 June 2014");
  assert.equal(date("2014-06-03"), "3 June 2014");
  assert.equal(date("summer 1998"), "summer 1998");
});

test("only web addresses become links", () => {
  assert.equal(webAddress("https://example.org/a"), "https://example.org/a");
  assert.equal(webAddress("javascript:alert(1)"), null);
  assert.equal(webAddress("see https://example.org"), null);
  assert.equal(webAddress(""), null);
});
