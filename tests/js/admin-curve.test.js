import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_EPOCHS, MOST_POINTS, epochSteps, joined, nothing, question, smoothed, whole } from "../../static/js/admin/curve.js";

const news = (steps, epochs = [], { run = "one", after = 0 } = {}) => ({
  ...{ run, after, steps, epochs, rate: [], loss: steps.map((step) => 5 - step / 100) },
  last_step: steps.at(-1) ?? after,
});

test("the first is the whole, new points are appended and none counts twice", () => {
  const first = joined(nothing(), news([1, 2, 3]));
  assert.deepEqual(first.steps, [1, 2, 3]);
  const second = joined(first, news([2, 3, 4, 5], [], { after: 1 }));
  assert.deepEqual(second.steps, [1, 2, 3, 4, 5]);
  assert.equal(second.loss.length, 5);
  assert.equal(second.last, 5);
});

test("new epochs are appended; one that comes again counts as it came last", () => {
  const known = joined(nothing(), news([1, 2], [{ epoch: 1 }, { epoch: 2, step: 2 }]));
  const next = joined(known, news([], [{ epoch: 2, step: 3 }, { epoch: 3 }], { after: 2 }));
  assert.deepEqual(next.epochs, [{ epoch: 1 }, { epoch: 2, step: 3 }, { epoch: 3 }]);
  assert.deepEqual(joined(next, news([3], [], { after: 2 })).epochs, next.epochs);
});

test("nothing new changes nothing", () => {
  const known = joined(nothing(), news([1, 2], [{ epoch: 1 }]));
  assert.deepEqual(joined(known, news([], [], { after: 2 })), known);
});

test("a whole replaces what was known, as of a run that went on from an earlier step", () => {
  const known = joined(nothing(), news([1, 2, 3, 4]));
  assert.deepEqual(joined(known, news([1, 2, 3], [], { run: "two" })).steps, [1, 2, 3]);
});

test("a gap, and the news of another run, have all asked for", () => {
  const known = joined(nothing(), news([1, 2]));
  assert.equal(joined(known, news([5], [], { after: 4 })), null);
  assert.equal(joined(known, news([3], [], { after: 2, run: "two" })), null);
});

test("a curve that grew too long is asked for anew, thinned", () => {
  const long = whole(news(Array.from({ length: MOST_POINTS }, (_, index) => index + 1)));
  assert.equal(joined(long, news([MOST_POINTS + 1], [], { after: MOST_POINTS })), null);
  const epochs = Array.from({ length: MOST_EPOCHS }, (_, index) => ({ epoch: index + 1 }));
  assert.equal(joined(whole(news([1], epochs)), news([], [{ epoch: MOST_EPOCHS + 1 }], { after: 1 })), null);
});

test("the page asks for what it does not know", () => {
  assert.equal(question(nothing()), "after=0&epoch=0&run=");
  assert.equal(question(whole(news([1, 2], [{ epoch: 1 }]))), "after=2&epoch=1&run=one");
});

test("the smoothed curve begins where the steps do and lies between them", () => {
  const noisy = Array.from({ length: 400 }, (_, index) => 3 - index / 200 + (index % 2 ? 0.5 : -0.5));
  const calm = smoothed(noisy);
  assert.equal(calm[0], noisy[0]);
  const jumps = (values) => Math.max(...values.slice(21).map((value, index) => Math.abs(value - values[20 + index])));
  assert.ok(jumps(calm) < jumps(noisy) / 10);
  assert.ok(Math.abs(calm[399] - 1) < 0.3);
});

test("an epoch stands at the step that it ended with", () => {
  assert.deepEqual(epochSteps({ ...nothing(), last: 45, epochs: [{ epoch: 1, step: 20 }, { epoch: 2, step: 40 }] }), [20, 40]);
  assert.deepEqual(epochSteps({ ...nothing(), last: 40, epochs: [{ epoch: 1 }, { epoch: 2 }] }), [20, 40]);
});
