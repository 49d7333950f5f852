/** A file with its progress told as it comes. */

/**
 * @param {string} url @param {(share: number | null) => void} onProgress null: the size is not known
 * @param {AbortSignal} signal @returns {Promise<Blob>}
 */
export async function download(url, onProgress, signal) {
  const response = await fetch(url, { credentials: "same-origin", signal });
  if (!response.ok || !response.body) throw new Error(`${url}: ${response.status}`);
  const total = Number(response.headers.get("Content-Length")) || null;
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  let received = 0;
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    received += part.value.length;
    onProgress(total ? Math.min(1, received / total) : null);
  }
  return new Blob(parts, { type: response.headers.get("Content-Type") ?? "image/jpeg" });
}
