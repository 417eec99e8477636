// @ts-check
/** [edge] One question to the gateway: the status and the parsed body of its answer. */

export const TIMEOUT_MS = 8_000; // the gateway itself waits 5 s for its disk

/**
 * @param {string} url
 * @returns {Promise<{status: number, body: unknown}>} Status 0 where nothing answered; `body` is `null` where it is no JSON.
 */
export async function ask(url) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), cache: "no-store" });
    return { status: answer.status, body: await answer.json().catch(() => null) };
  } catch {
    return { status: 0, body: null };
  }
}
