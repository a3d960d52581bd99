/** The hall's stream of orders: resumed by the browser with the last event's id, opened anew when it stays silent. */

const SILENT_MS = 15_000;
const REOPEN_MS = 2_000;

/**
 * @param {{snapshot: (orders: any[]) => void, order: (order: any) => void, beat: (kitchen: string|null) => void}} hear
 */
export function listen(hear) {
  let heardAt = Date.now();
  /** @type {EventSource} */
  let source;

  const noted = (/** @type {(data: any) => void} */ tell) => (/** @type {MessageEvent} */ event) => {
    heardAt = Date.now();
    tell(event.data ? JSON.parse(event.data) : {});
  };

  function open() {
    source = new EventSource("/api/display/events");
    source.addEventListener("snapshot", noted((data) => hear.snapshot(data.orders)));
    source.addEventListener("order", noted((data) => hear.order(data)));
    source.addEventListener("beat", noted((data) => hear.beat(data.kitchen ?? null)));
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
