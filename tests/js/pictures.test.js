import assert from "node:assert/strict";
import { test } from "node:test";

import { download } from "../../static/js/net/download.js";
import { LayersFeed } from "../../static/js/net/layers.js";
import { Pictures } from "../../static/js/net/pictures.js";
import { decrypt, Vault } from "../../static/js/net/vault.js";

const JPEG = new TextEncoder().encode("not really a JPEG, but these very bytes");
const round = (key, id = "r2") => ({ id, picture: { url: "/picture/2/", width: 1, height: 1, key } });

async function sealed() {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt"]);
  const secret = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, key, JPEG));
  const bytes = new Uint8Array([...nonce, ...secret]);
  return { bytes, key: Buffer.from(raw).toString("base64") };
}

const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());

function serve(t, answers) {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (url) => {
    asked.push(url);
    return answers[url]?.() ?? new Response("gone", { status: 404 });
  });
  return asked;
}

test("what comes out of the vault is the picture byte by byte", async (t) => {
  const { bytes, key } = await sealed();
  const asked = serve(t, { "/2.bin": () => new Response(bytes) });
  const vault = new Vault();
  vault.keep({ round: "r2", url: "/2.bin" });
  vault.keep({ round: "r2", url: "/2.bin" });
  assert.deepEqual(asked, ["/2.bin"], "fetched once");
  assert.deepEqual(await bytesOf(await vault.open(round(key))), JPEG);
  assert.equal(await vault.open(round(key)), null, "and given out once");
});

test("a changed byte, a wrong key and another round open nothing", async (t) => {
  const { bytes, key } = await sealed();
  await assert.rejects(decrypt(new Uint8Array([...bytes.slice(0, -1), bytes.at(-1) ^ 1]).buffer, key));
  const other = (await sealed()).key;
  serve(t, { "/2.bin": () => new Response(bytes) });
  const vault = new Vault();
  vault.keep({ round: "r2", url: "/2.bin" });
  assert.equal(await vault.open(round(key, "r9")), null);
  assert.equal(await vault.open(round(null)), null);
  assert.equal(await vault.open(round(other)), null);
});

test("without a copy from the vault the plain address is loaded, and not twice", async (t) => {
  const asked = serve(t, { "/picture/2/": () => new Response(JPEG, { headers: { "Content-Type": "image/jpeg" } }) });
  const pictures = new Pictures();
  pictures.fetchAhead({ round: "r2", url: "/missing.bin" });
  const { key } = await sealed();
  const { signal } = new AbortController();
  const copy = await pictures.load(round(key), () => {}, signal);
  assert.match(copy, /^blob:/);
  assert.equal(await pictures.load(round(key), () => {}, signal), copy);
  assert.deepEqual(asked, ["/missing.bin", "/picture/2/"]);
  assert.equal(pictures.local("/picture/2/"), copy);
  pictures.drop("/picture/2/");
  assert.equal(pictures.local("/picture/2/"), "/picture/2/");
});

test("a download tells how far it is, and fails on an error page", async (t) => {
  serve(t, { "/a": () => new Response(JPEG, { headers: { "Content-Length": String(JPEG.length) } }) });
  const shares = [];
  const blob = await download("/a", (share) => shares.push(share), new AbortController().signal);
  assert.deepEqual(await bytesOf(blob), JPEG);
  assert.equal(shares.at(-1), 1);
  await assert.rejects(download("/b", () => {}, new AbortController().signal), /404/);
});

test("layers that are coming are asked for again; those of a round that was left are not shown", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.window = globalThis;
  t.after(() => delete globalThis.window);
  const answers = [{ state: "coming" }, { state: "ready", probability: { url: "/p", bounds: [] } }];
  const shown = [];
  const feed = new LayersFeed({ layers: async () => answers.shift() }, (layers) => shown.push(layers.state));
  const settle = async () => { for (let i = 0; i < 5; i++) await Promise.resolve(); };
  feed.watch("r1");
  await settle();
  assert.deepEqual(shown, ["coming"]);
  t.mock.timers.tick(1000);
  await settle();
  assert.deepEqual(shown, ["coming", "ready"]);
  feed.watch("r1");
  assert.deepEqual(shown, ["coming", "ready", "ready"], "remembered");
  answers.push({ state: "ready" });
  feed.watch("r2");
  feed.stop();
  await settle();
  assert.equal(shown.length, 3);
});
