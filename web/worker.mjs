/**
 * The service worker: keeps the page's own files, so that a reload while the process restarts shows «секунду» and not
 * the browser's error. Nothing of /api/ is ever kept: payment, availability and orders are the server's word alone.
 */

const CACHE = "kiosk-shell";
const SHELL = "/shell.json";
const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

worker.addEventListener("install", (event) => event.waitUntil(keepShell().then(() => worker.skipWaiting())));
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  const ours = origin === location.origin && event.request.method === "GET";
  if (ours && (pathname === "/" || pathname.startsWith("/assets/"))) event.respondWith(fresh(event.request, pathname));
});

async function keepShell() {
  const { files } = await (await fetch(SHELL, { cache: "no-store" })).json();
  const cache = await caches.open(CACHE);
  await cache.addAll(files);
  const wanted = new Set(files);
  for (const kept of await cache.keys()) if (!wanted.has(new URL(kept.url).pathname)) await cache.delete(kept);
}

/**
 * The server's file; the kept one when the server is silent. A page never mixes with files older than the server's.
 * @param {Request} request
 * @param {string} pathname
 */
async function fresh(request, pathname) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(pathname, answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match(pathname);
    if (kept) return kept;
    throw error;
  }
}
