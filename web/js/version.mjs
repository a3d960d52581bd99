/** A new version of the pages comes to a screen that nobody touches: the worker is asked for again while it greets. */

const EVERY_MS = 60_000;
const AGAIN_MS = 5_000;

/**
 * @param {{get: () => {screen: string}, subscribe: (told: () => void) => unknown}} store
 * @param {ServiceWorkerContainer|undefined} workers
 * @param {number} afterMs for the first paint's sake
 */
export async function followVersions(store, workers, afterMs) {
  if (!workers) return; // such a browser still sells
  const greets = () => store.get().screen === "attract";
  let newer = false,
    before = "";
  const begin = () => {
    if (newer && greets()) location.reload();
  };
  // The first worker of a screen takes over the very page that brought it: there is nothing newer than this page.
  let first = workers.controller === null;
  workers.addEventListener("controllerchange", () => {
    newer = !first;
    first = false;
    begin();
  });
  await new Promise((go) => setTimeout(go, afterMs));
  const worker = await workers.register("/worker.mjs", { type: "module", updateViaCache: "none" });
  const ask = () =>
    void worker.update().catch((error) => {
      console.debug("service worker", error);
      setTimeout(askIfItGreets, AGAIN_MS); // the server may be restarting
    });
  const askIfItGreets = () => {
    if (greets()) ask();
  };
  setInterval(askIfItGreets, EVERY_MS);
  const look = () => {
    const { screen } = store.get();
    if (screen === before) return;
    before = screen;
    if (screen !== "attract") return;
    if (newer) begin();
    else ask();
  };
  store.subscribe(look);
  look();
}
