/** The kiosk's calls to the server: every one has a deadline, a refusal is a Problem, silence is Unreachable. */

/** The server answered and refused: RFC 9457 with the stable `code`. */
export class Problem extends Error {
  /** @param {number} status @param {any} body */
  constructor(status, body) {
    super(body.detail ?? body.title ?? `HTTP ${status}`);
    this.status = status;
    this.body = body;
    /** @type {string} */
    this.code = body.code ?? (status === 401 ? "unauthorized" : status === 429 ? "too_many_requests" : "unknown");
  }
}

/** No answer: whether the call took effect is not known. */
export class Unreachable extends Error {}

const DEADLINES_MS = { read: 8_000, create: 20_000, pay: 90_000, farewell: 3_000 };

/**
 * @param {{language: () => string}} context
 */
export function createApi({ language }) {
  /**
   * @param {string} method
   * @param {string} path
   * @param {{token?: string, body?: unknown, key?: string, etag?: string, deadline_ms?: number,
   *   keepalive?: boolean}} [options]
   */
  async function call(method, path, { token, body, key, etag, deadline_ms = DEADLINES_MS.read, keepalive } = {}) {
    /** @type {Record<string, string>} */
    const headers = { "Accept-Language": language() };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    if (etag) headers["If-None-Match"] = etag;
    try {
      const response = await fetch(path, {
        method,
        headers,
        keepalive,
        cache: "no-store",
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(deadline_ms),
      });
      return { response, body: await jsonOf(response) };
    } catch (error) {
      throw error instanceof Problem ? error : new Unreachable(`${method} ${path}`, { cause: error });
    }
  }

  return {
    /** @param {string} [terminalId] */
    guest: async (terminalId) =>
      accepted(await call("POST", "/api/auth/guest", { body: { terminal_id: terminalId } })).body,
    /** @param {string} token */
    logout: (token) => call("POST", "/api/auth/logout", { token, deadline_ms: DEADLINES_MS.farewell, keepalive: true }),
    /** 201 names a pending confirmation, 200 is a session. @param {string} token @param {object} body */
    quickAuth: async (token, body) => {
      const answer = accepted(
        await call("POST", "/api/auth/quick-auth", { token, body, deadline_ms: DEADLINES_MS.create }),
      );
      return { status: answer.response.status, body: answer.body };
    },
    /** @param {string} token @param {object} body */
    confirm: async (token, body) =>
      accepted(await call("POST", "/api/auth/confirm", { token, body, deadline_ms: DEADLINES_MS.create })).body,
    /** @param {string} token */
    me: async (token) => accepted(await call("GET", "/api/me", { token })).body,
    /** @param {object} proof number and code, or the receipt's sign and sum */
    track: async (proof) => accepted(await call("POST", "/api/orders/track", { body: proof })).body,
    /** @param {{number: string, pickup_code: string}} ticket @param {string} [token] */
    pickUp: async (ticket, token) =>
      accepted(await call("POST", "/api/pickup", { body: ticket, token, deadline_ms: DEADLINES_MS.create })).body,
    /** @param {object} body */
    beat: async (body) =>
      accepted(await call("POST", "/api/heartbeat", { body, deadline_ms: DEADLINES_MS.farewell })).body,
    /** @param {object} body */
    visit: async (body) =>
      accepted(await call("POST", "/api/visits", { body, deadline_ms: DEADLINES_MS.farewell })).body,
    restaurant: async () => accepted(await call("GET", "/api/restaurant")).body,
    /** @param {string|undefined} etag */
    menu: async (etag) => {
      const answer = await call("GET", "/api/menu/categories", { etag });
      if (answer.response.status === 304) return null;
      return { menu: accepted(answer).body, etag: answer.response.headers.get("ETag") ?? undefined };
    },
    minutes: async () => accepted(await call("GET", "/api/menu/minutes")).body.minutes,
    /** @param {string} token @param {unknown} body */
    estimate: async (token, body) => accepted(await call("POST", "/api/orders/estimate", { token, body })).body,
    /** @param {string} token @param {string} key @param {unknown} body */
    create: async (token, key, body) =>
      accepted(await call("POST", "/api/orders/create", { token, key, body, deadline_ms: DEADLINES_MS.create })).body,
    /**
     * Own ones, newest first, a page at a time.
     * @param {string} token
     * @param {string} before an order's id, or nothing
     */
    orders: async (token, before) =>
      accepted(await call("GET", `/api/orders${before ? `?before=${encodeURIComponent(before)}` : ""}`, { token }))
        .body,
    /** @param {string} token @param {string} orderId */
    order: async (token, orderId) => accepted(await call("GET", `/api/orders/${orderId}`, { token })).body,
    /** @param {string} token @param {string} orderId */
    cancel: async (token, orderId) => accepted(await call("POST", `/api/orders/${orderId}/cancel`, { token })).body,
    /** @param {string} token @param {string} orderId @param {string} key @param {object} body */
    pay: async (token, orderId, key, body) => {
      const answer = accepted(
        await call("POST", `/api/orders/${orderId}/payment`, {
          token,
          key,
          body,
          deadline_ms: DEADLINES_MS.pay,
        }),
      );
      return { status: answer.response.status, body: answer.body };
    },
    /** A wish; what comes of it stands in the order. @param {string} token @param {string} orderId */
    cancelPayment: async (token, orderId) =>
      accepted(await call("DELETE", `/api/orders/${orderId}/payment`, { token })).body,
    /** Of a demo alone: somebody does something at a simulated device. @param {string} device @param {string} fault */
    simulate: async (device, fault) =>
      accepted(await call("POST", "/api/sim", { body: { device, fault, on: true } })).body,
    /** The cashier of a demo. @param {string} code @param {"cash"|"card"|"refuse"} does */
    practiseAtTill: async (code, does) => {
      accepted(await call("POST", `/api/sim/till/${code}`, { body: { does } }));
    },
    healthy: async () => {
      try {
        return (await call("GET", "/healthz", { deadline_ms: 2_000 })).response.ok;
      } catch (error) {
        if (error instanceof Unreachable) return false;
        throw error;
      }
    },
  };
}

/** @typedef {ReturnType<typeof createApi>} Api */

/** @param {Response} response */
async function jsonOf(response) {
  if (!/json/.test(response.headers.get("Content-Type") ?? "")) return {};
  return await response.json();
}

/** @param {{response: Response, body: any}} answer */
function accepted(answer) {
  if (!answer.response.ok) throw new Problem(answer.response.status, answer.body);
  return answer;
}

/** A key for one intent; `randomUUID` is absent on plain http beyond loopback. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}
