import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { mercatorX, mercatorY } from "../../static/js/core/geo.js";
import { speak } from "../../static/js/core/i18n.js";
import { countryAt, CountryNames } from "../../static/js/map/countries.js";
import { nearest, readCities, readCountries } from "../../static/js/map/gazetteer.js";
import { cityMinZoom, placeLabels } from "../../static/js/map/labels.js";
import { closedRing, insidePoint, signedArea, toPath, toShapes, unwrapped } from "../../static/js/map/shapes.js";
import { touches, traceLine, traceRing } from "../../static/js/map/trace.js";

const SQUARE = [[0, 0], [20, 0], [20, 20], [0, 20], [0, 0]];
const measure = (text) => ({ width: 8 * text.length, height: 14 });

class Pen {
  ops = [];
  moveTo(x, y) { this.ops.push(["M", x, y]); }
  lineTo(x, y) { this.ops.push(["L", x, y]); }
  closePath() { this.ops.push(["Z"]); }
}

function atlas() {
  const require = createRequire(import.meta.url);
  const topojson = require("topojson-client");
  const topology = JSON.parse(readFileSync(new URL("../../node_modules/world-atlas/countries-50m.json", import.meta.url), "utf8"));
  const { countries } = topology.objects;
  return toShapes(
    topojson.feature(topology, countries).features,
    topojson.mesh(topology, countries, (a, b) => a !== b).coordinates,
    topojson.mesh(topology, countries, (a, b) => a === b).coordinates,
  );
}

test("a ring across the antimeridian runs on beyond 180", () => {
  assert.deepEqual(unwrapped([[179, 0], [-179, 0], [-178, 1]]), [[179, 0], [181, 0], [182, 1]]);
});

test("a ring once around the world is closed along the pole", () => {
  const around = Array.from({ length: 37 }, (_, i) => [i * 10 - 180, -70]);
  assert.deepEqual(closedRing(around).slice(-2), [[180, -90], [-180, -90]]);
  assert.deepEqual(closedRing([[-180, -89.999], [0, -89.999], [180, -89.999]]), []);
});

test("the label of a shape with a bay stands on its land", () => {
  const horseshoe = toPath([[0, 0], [30, 0], [30, 30], [20, 30], [20, 10], [10, 10], [10, 30], [0, 30], [0, 0]]);
  const { x, y } = insidePoint(horseshoe);
  const inBay = x > mercatorX(10) && x < mercatorX(20) && y < mercatorY(10);
  assert.ok(!inBay);
  assert.ok(Math.abs(signedArea(horseshoe.xy)) > 0);
});

test("no line of the atlas crosses the whole map", () => {
  const shapes = atlas();
  for (const path of [...shapes.rings, ...shapes.coasts, ...shapes.borders]) {
    for (let i = 2; i < path.xy.length; i += 2) {
      const alongPole = path.xy[i + 1] > 0.99;
      assert.ok(alongPole || Math.abs(path.xy[i] - path.xy[i - 2]) < 0.1);
    }
  }
  assert.ok(shapes.labels.length > 230);
});

test("only shapes near a tile are drawn on it", () => {
  const frame = { x: 0.5, y: 0.25, size: 0.25, pixels: 256, margin: 0 };
  assert.ok(touches(toPath(SQUARE), frame));
  assert.ok(!touches(toPath(SQUARE.map(([lng, lat]) => [lng - 90, lat])), frame));
});

test("far points of a ring are skipped, the fill of the tile stays", () => {
  const wide = toPath([[-170, -60], [-160, -61], [-150, -62], [-140, -61], [170, -60], [170, 60], [-170, 60]]);
  const pen = new Pen();
  traceRing(pen, wide, { x: 0.45, y: 0.45, size: 0.1, pixels: 256, margin: 0 });
  assert.ok(pen.ops.length <= 7);
  const xs = pen.ops.flatMap(([, x]) => (x === undefined ? [] : [x]));
  assert.ok(Math.min(...xs) < 0 && Math.max(...xs) > 256);
});

test("a line is drawn only where it may touch the tile", () => {
  const pen = new Pen();
  const line = toPath([[-100, 0], [-90, 0], [-80, 0], [0, 0], [5, 0], [100, 0], [110, 0]]);
  traceLine(pen, line, { x: 0.45, y: 0.45, size: 0.1, pixels: 256, margin: 0 });
  assert.deepEqual(pen.ops.map(([op]) => op), ["M", "L", "L", "L"]);
});

test("labels do not overlap, larger places first", () => {
  const city = (name, lng, population) => ({ name, lat: 0, lng, x: mercatorX(lng), y: 0.5, population, country: "", isCapital: false });
  const view = { zoom: 4, minX: 0.4, maxX: 0.6, minY: 0.4, maxY: 0.6 };
  const placed = placeLabels([], [city("Large", 0, 20000), city("Beside", 0.5, 15000), city("Far", 20, 15000)], view, measure);
  assert.deepEqual(placed.map(({ text }) => text), ["Large", "Far"]);
});

test("a place shows once in each world in view", () => {
  const country = { id: 1, name: "Land", x: 0.5, y: 0.5, size: 0.2 };
  const placed = placeLabels([country], [], { zoom: 2, minX: -1, maxX: 2, minY: 0, maxY: 1 }, measure);
  assert.deepEqual(placed.map(({ x }) => x), [-0.5, 0.5, 1.5]);
});

test("capitals are named earlier than other towns of their size", () => {
  assert.ok(cityMinZoom({ population: 300, isCapital: true }) < cityMinZoom({ population: 300, isCapital: false }));
});

test("a place is named after a town that says something", () => {
  const cities = readCities({
    countries: [["EG", 818, "Egypt"]],
    cities: [["Cairo", 30.06, 31.25, 9606, 0, 1], ["Suburb", 30.09, 31.28, 300, 0, 0]],
  });
  assert.equal(nearest(cities, { lat: 30.09, lng: 31.29 }), "near Cairo, Egypt");
  assert.equal(nearest(cities, { lat: 30.09, lng: 391.29 }), "near Cairo, Egypt");
  assert.equal(nearest(cities, { lat: -40, lng: -130 }), "");
});

test("towns are told with their country in the reader's language", (t) => {
  speak("de", {});
  t.after(() => speak("en", {}));
  const [city] = readCities({ countries: [["HU", 348, "Hungary"]], cities: [["Budapest", 47.5, 19.04, 1741, 0, 1]] });
  assert.equal(city.country, "Ungarn");
});

test("the country under a place: coasts, enclaves, islands, both sides of the antimeridian", () => {
  const { countries } = atlas();
  const at = (lat, lng) => countryAt(countries, { lat, lng })?.name ?? "";
  assert.equal(at(48.85, 2.35), "France");
  assert.equal(at(-12.05, -77.03), "Peru");
  assert.equal(at(-29.6, 28.2), "Lesotho");
  assert.equal(at(66.0, -170.5), "Russia");
  assert.equal(at(67.0, 178.0), "Russia");
  assert.equal(at(67.0, 538.0), "Russia", "another copy of the world");
  assert.equal(at(-80, 100), "Antarctica");
  assert.equal(at(0, -30), "");
});

test("countries are found by code and named in the reader's language", (t) => {
  const { countries } = atlas();
  const names = new CountryNames(readCountries({ countries: [["DE", 276, "Germany"], ["PE", 604, "Peru"]], cities: [] }));
  const germany = names.shapeOf(countries, "DE");
  assert.equal(germany.name, "Germany");
  assert.equal(names.nameOf(germany), "Germany");
  assert.equal(names.shapeOf(countries, "XX"), null);
  speak("de", {});
  t.after(() => speak("en", {}));
  const german = new CountryNames(readCountries({ countries: [["DE", 276, "Germany"]], cities: [] }));
  assert.equal(german.nameOf(germany), "Deutschland");
});
