// @ts-check
/**
 * [edge] What the operator asks of the gateway, with the token. It is kept in the tab's own storage, never in a cookie:
 * no other page can make the browser send it.
 */
import { record, sentence } from "./untrusted.js";
import { CONTROL } from "./words/control.js";

const KEY = "rig-gateway.operator-token";
const TIMEOUT_MS = 8_000;

/** @typedef {{ok: boolean, isDenied: boolean, sentence: string | null}} Answer `sentence` is what went wrong. */

/**
 * @typedef {object} Seams What it needs from its surroundings.
 * @property {Pick<Storage, "getItem" | "setItem" | "removeItem">} storage
 * @property {(url: string, options: RequestInit) => Promise<Pick<Response, "ok" | "status" | "json">>} fetch
 */

/** @param {Seams} seams */
export function createOperator(seams = browserSeams()) {
  const { storage } = seams;

  /** @param {string} method @param {string} path @param {object} [body] @returns {Promise<Answer>} */
  const ask = async (method, path, body) => {
    const headers = { Authorization: `Bearer ${token() ?? ""}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const answer = await seams.fetch(path, { method, headers, signal, cache: "no-store", ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      if (answer.ok) return { ok: true, isDenied: false, sentence: null };
      const told = record(await answer.json().catch(() => null));
      return { ok: false, isDenied: answer.status === 401, sentence: sentence(told.error) ?? CONTROL.refused };
    } catch {
      return { ok: false, isDenied: false, sentence: CONTROL.noAnswer };
    }
  };

  /** @returns {string | null} */
  const token = () => attempt(() => storage.getItem(KEY)) ?? null;
  const forget = () => void attempt(() => storage.removeItem(KEY));

  /** Keep this token if the gateway knows it. @param {string} given */
  const use = async (given) => {
    attempt(() => storage.setItem(KEY, given.trim()));
    const answer = await ask("GET", "/api/operator");
    if (answer.isDenied) forget();
    return answer;
  };

  /** @param {string} rigId */
  const rebind = (rigId) => ask("POST", `/api/rigs/${encodeURIComponent(rigId)}/rebind`, {});

  /** @param {string} rigId @param {string} address */
  const claim = (rigId, address) => ask("POST", `/api/rigs/${encodeURIComponent(rigId)}/claim`, { address });

  return { token, use, forget, rebind, claim };
}

/** A browser may be set to keep nothing. @template Value @param {() => Value} access @returns {Value | null} */
function attempt(access) {
  try {
    return access();
  } catch {
    return null;
  }
}

/** @returns {Seams} */
const browserSeams = () => ({ storage: sessionStorage, fetch: (url, options) => fetch(url, options) });
