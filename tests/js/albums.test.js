import assert from "node:assert/strict";
import { test } from "node:test";

import { wayOf } from "../../static/js/albums/paths.js";
import { isComplete, lastShown, neighbour, phaseOf, startAt, stepAt, withPin } from "../../static/js/albums/state.js";
import { albumHelpText, gapText, modelText, movesText, stripLabel, winnerText } from "../../static/js/albums/words.js";

const PIN = { lat: 1, lng: 2 };
const photo = (number, fields = {}) => ({ number, shown: false, gone: false, picture: null, gap_h: null, pin: null, moves: 0, ...fields });
const shown = (number, fields = {}) => photo(number, { shown: true, ...fields });
const pinned = (number) => shown(number, { pin: PIN });

test("each state of a round has its phase", () => {
  assert.deepEqual(["preparing", "open", "closed"].map((state) => phaseOf({ state })), ["preparing", "guessing", "result"]);
});

test("a page begins at the first photo without a pin, else at the last one", () => {
  assert.equal(startAt([pinned(1), shown(2), photo(3)]), 2);
  assert.equal(startAt([pinned(1), pinned(2), photo(3)]), 2);
  assert.equal(lastShown([photo(1)]), 0);
});

test("the main button follows from the photo that is on show", () => {
  assert.equal(stepAt([shown(1), photo(2)], 1), "pin");
  assert.equal(stepAt([pinned(1), photo(2)], 1), "next");
  assert.equal(stepAt([pinned(1), shown(2)], 1), "forward");
  assert.equal(stepAt([pinned(1), pinned(2)], 2), "hand-in");
});

test("a photo that is gone needs no pin and is not waited for", () => {
  assert.equal(stepAt([shown(1, { gone: true }), photo(2)], 1), "next");
  assert.equal(stepAt([pinned(1), photo(2, { gone: true })], 1), "hand-in");
  assert.ok(isComplete([pinned(1), photo(2, { gone: true })]));
  assert.ok(!isComplete([pinned(1), photo(2)]));
});

test("neighbours are photos that were shown", () => {
  const photos = [pinned(1), pinned(3), photo(4)];
  assert.equal(neighbour(photos, 1, 1), 3);
  assert.equal(neighbour(photos, 3, 1), null);
  assert.equal(neighbour(photos, 3, -1), 1);
});

test("a pin that waits lies over what the server knows", () => {
  assert.deepEqual(withPin({ photos: [shown(1), shown(2)] }, 2, PIN).photos.map(({ pin }) => pin), [null, PIN]);
});

test("gaps are said in the unit that fits", () => {
  assert.deepEqual([null, 0, 0.5, 1, 30, 72].map(gapText), ["", "at the same time", "30 minutes later", "1 hour later", "30 hours later", "3 days later"]);
});

test("the strip says of each photo how it stands", () => {
  assert.deepEqual(
    [photo(1), shown(1), pinned(1), shown(1, { gone: true })].map((one) => stripLabel(one, 4)),
    ["Photo 1 of 4, not shown yet", "Photo 1 of 4, no pin yet", "Photo 1 of 4, pin set", "Photo 1 of 4, withdrawn"],
  );
});

test("both seals are named by their first letters", () => {
  const sides = [{ side: "single", digest: "abcdef" }, { side: "album", digest: "123456" }];
  assert.equal(modelText({ state: "sealed", reason: null, sides }), "Model: both answers sealed #abcd… #1234…");
  assert.equal(modelText({ state: "absent", reason: "late", sides: [] }), "late");
});

const HELP = { photos: 4, changed: 3, nearer: 2, farther: 1, points_before: 100, points_after: 1300, median_before_km: 500, median_after_km: 80 };

test("how much the album helped", () => {
  assert.match(albumHelpText(HELP, false), /\+1,200 points: 2 of 4 photos nearer, 1 farther; .* from 500.km to 80\.0.km\.$/);
  assert.match(albumHelpText(HELP, true), /plain average/);
});

test("how second thoughts helped, or that there were none", () => {
  assert.equal(movesText(null), "You moved no earlier pin.");
  assert.match(movesText({ ...HELP, photos: 1, points_after: 60 }), /^You moved 1 earlier pin: 2 nearer, 1 farther, which brought you −40 points\.$/);
});

test("every outcome has its words", () => {
  assert.equal(new Set(["you", "single", "album", "tie", "nobody"].map(winnerText)).size, 5);
});

test("a way over the antimeridian runs on", () => {
  const way = wayOf([{ lat: 0, lng: 170 }, { lat: 0, lng: -170 }, { lat: 10, lng: -160 }]);
  assert.ok(way.every(({ lng }, index) => index === 0 || Math.abs(lng - way[index - 1].lng) < 10));
  assert.ok(way[way.length - 1].lng > 190);
  assert.deepEqual(wayOf([PIN]), [PIN]);
});
