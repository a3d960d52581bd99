/** A stream that a hall screen follows: resumed by the browser by the last event's id, opened anew when silent. */

const SILENT_MS = 15_000;
const REOPEN_MS = 2_000;

/** @param {string} address @param {Record<string, (data: any) => void>} hear what is done with each event's data */
export function follow(address, hear) {
  let heardAt = Date.now();
  /** @type {EventSource} */
  let source;

  const noted = (/** @type {(data: any) => void} */ tell) => (/** @type {MessageEvent} */ event) => {
    heardAt = Date.now();
    tell(event.data ? JSON.parse(event.data) : {});
  };

  function open() {
    source = new EventSource(address);
    for (const [name, tell] of Object.entries(hear)) source.addEventListener(name, noted(tell));
    source.addEventListener("error", () => {
      // A refused stream is closed for good by the browser; a broken one it resumes itself.
      if (source.readyState === EventSource.CLOSED) setTimeout(reopen, REOPEN_MS);
    });
  }

  function reopen() {
    source.close();
    heardAt = Date.now();
    open();
  }

  open();
  setInterval(() => {
    if (Date.now() - heardAt > SILENT_MS) reopen();
  }, 1_000);
}
