// @ts-check
/**
 * Values as the text that a screen shows. Unknown is always a dash, never 0.
 * Words of a language live in `words.js`; here live figures and their units' short signs only.
 */

export const UNKNOWN = "–";

/** ERS energy that the game calls full. Source: docs/websocket.md, `ers_store_energy_j`. */
export const ERS_FULL_J = 4_000_000;

const MINUS = "−";
const NAME_LENGTH = 48; // the longest name that a rig sends, in bytes; more is not a name
const THIN = "\u00a0"; // no line breaks at it, and in the page's font it is as wide as a thin space; U+202F is too narrow to be seen

/** @typedef {number | null | undefined} Maybe */

/** @param {unknown} value @returns {value is number} */
export const isKnown = (value) => typeof value === "number" && Number.isFinite(value);

/** @param {number} value @param {number} width */
const padded = (value, width) => String(value).padStart(width, "0");

/** @param {number} value @param {number} digits */
const signed = (value, digits) => value.toFixed(digits).replace("-", MINUS);

/** A number without decimals: `287`. @param {Maybe} value */
export const whole = (value) => (isKnown(value) ? signed(Math.round(value) || 0, 0) : UNKNOWN);

/** A number with one decimal: `3.2`. @param {Maybe} value */
export const oneDecimal = (value) => (isKnown(value) ? signed(value, 1) : UNKNOWN);

/** A margin with its sign and one decimal: `+1.2`. @param {Maybe} value */
export const margin = (value) => (isKnown(value) ? `${value >= 0 ? "+" : ""}${signed(value, 1)}` : UNKNOWN);

/** A lap time from whole milliseconds: `1:21.348`. @param {Maybe} ms */
export function lapTime(ms) {
  if (!isKnown(ms) || ms < 0) return UNKNOWN;
  const total = Math.round(ms);
  return `${Math.floor(total / 60_000)}:${padded(Math.floor(total / 1000) % 60, 2)}.${padded(total % 1000, 3)}`;
}

/** A sector time from whole milliseconds: `28.412`, and `1:02.100` from a minute on. @param {Maybe} ms */
export function sectorTime(ms) {
  if (!isKnown(ms) || ms < 0 || ms >= 60_000) return lapTime(ms);
  const total = Math.round(ms);
  return `${Math.floor(total / 1000)}.${padded(total % 1000, 3)}`;
}

/** A gap from whole milliseconds: `+0.412`, and `+1:01.500` from a minute on. @param {Maybe} ms */
export function gap(ms) {
  return isKnown(ms) && ms >= 0 ? `+${sectorTime(ms)}` : UNKNOWN;
}

/** A delta with its sign from whole milliseconds: `−0.120`, `+1.204`, `+12.3`, and `+1:01` from a minute on. @param {Maybe} ms */
export function delta(ms) {
  if (!isKnown(ms)) return UNKNOWN;
  const size = Math.abs(Math.round(ms));
  const sign = ms < 0 && size > 0 ? MINUS : "+";
  if (size >= 60_000) return `${sign}${Math.floor(size / 60_000)}:${padded(Math.floor(size / 1000) % 60, 2)}`;
  return `${sign}${size < 10_000 ? (size / 1000).toFixed(3) : (Math.floor(size / 100) / 10).toFixed(1)}`;
}

/** A gear: `R`, `N`, `1`..`8`. @param {Maybe} gear */
export function gearName(gear) {
  if (!isKnown(gear)) return UNKNOWN;
  if (gear === -1) return "R";
  return gear === 0 ? "N" : String(gear);
}

/** A place in the race: `P2`. @param {Maybe} position */
export const place = (position) => (isKnown(position) && position >= 1 ? `P${position}` : UNKNOWN);

/** A ratio 0..1 in percent, without the sign: `87`. @param {Maybe} ratio */
export const percent = (ratio) => (isKnown(ratio) ? whole(ratio * 100) : UNKNOWN);

/** Steering -1..1 in percent of full lock with its side: `23 L`. @param {Maybe} steer */
export function steering(steer) {
  if (!isKnown(steer)) return UNKNOWN;
  const amount = Math.round(Math.abs(steer) * 100);
  if (amount === 0) return "0";
  return `${amount} ${steer < 0 ? "L" : "R"}`;
}

/** Energy in megajoules: `3.20`. @param {Maybe} joules */
export const megajoules = (joules) => (isKnown(joules) ? (joules / 1e6).toFixed(2) : UNKNOWN);

/** The letter of the rig in this place: A, B, C, ... @param {number} index */
export const badgeOf = (index) => String.fromCharCode(65 + (index % 26));

/** How long ago, from seconds: `7 s`, `2 min 05 s`, `3 h 20 min`. @param {Maybe} seconds */
export function age(seconds) {
  if (!isKnown(seconds) || seconds < 0) return UNKNOWN;
  const total = Math.floor(seconds);
  if (total < 60) return `${total} s`;
  if (total < 3600) return `${Math.floor(total / 60)} min ${padded(total % 60, 2)} s`;
  return `${Math.floor(total / 3600)} h ${padded(Math.floor(total / 60) % 60, 2)} min`;
}

/** How long ago in one unit, for narrow places: `45 s`, `3 min`, `2 h`, `3 d`. @param {Maybe} seconds */
export function coarseAge(seconds) {
  if (!isKnown(seconds) || seconds < 0) return UNKNOWN;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** A count with a thin space between thousands: `4 120`. @param {Maybe} value */
export function count(value) {
  if (!isKnown(value) || value < 0 || value > Number.MAX_SAFE_INTEGER) return UNKNOWN;
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, THIN);
}

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"];

/** An amount of data in powers of 1000: `512 B`, `7.0 kB`, `1.2 GB`. @param {Maybe} value */
export function bytes(value) {
  if (!isKnown(value) || value < 0 || value >= 1e15) return UNKNOWN;
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.95 && unit < BYTE_UNITS.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(scaled) : scaled.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** Credits: cents below a hundred, whole ones above: `6.17`, `2 880`. @param {Maybe} value */
export const credits = (value) => (isKnown(value) && value >= 0 && value < 99.995 ? value.toFixed(2) : count(value));

/** A session clock from seconds: `12:34`, `1:02:34`. @param {Maybe} seconds */
export function sessionClock(seconds) {
  if (!isKnown(seconds) || seconds < 0) return UNKNOWN;
  const total = Math.floor(seconds);
  const tail = `${padded(Math.floor(total / 60) % 60, 2)}:${padded(total % 60, 2)}`;
  return total < 3600 ? tail : `${Math.floor(total / 3600)}:${tail}`;
}

/** The time of day on this screen's clock: `14:03:59`. @param {number} instantMs Milliseconds since 1970. */
export function wallClock(instantMs) {
  const at = new Date(instantMs);
  if (Number.isNaN(at.getTime())) return UNKNOWN;
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => padded(part, 2)).join(":");
}

/** A word of the gateway as it is, the dash when unknown. @param {unknown} word */
export const word = (word) => (typeof word === "string" && word !== "" ? word : UNKNOWN);

/** The same word with a capital first letter. @param {unknown} text */
export function capital(text) {
  const plain = word(text);
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

/**
 * Hostile text: control and format characters (among them those that turn the writing direction) go, white
 * space is one blank, and length is bounded. `null` when nothing is left.
 *
 * @param {unknown} text
 * @param {number} length
 * @returns {string | null}
 */
export function cleanText(text, length) {
  if (typeof text !== "string") return null;
  const visible = text.replace(/\s+/gu, " ").replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, "").trim();
  return visible === "" ? null : Array.from(visible).slice(0, length).join("");
}

/** A name from the game, which is hostile text. @param {unknown} name */
export const cleanName = (name) => cleanText(name, NAME_LENGTH);

const RIGHT_TO_LEFT = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC]|[\u{10800}-\u{10FFF}]|[\u{1E800}-\u{1EFFF}]/u;

/**
 * A name made safe to stand inside a sentence: right-to-left letters get Unicode isolates (UAX #9),
 * so that they cannot reorder the figures beside them.
 *
 * @param {string} name
 */
export const isolated = (name) => (RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name);

/** @typedef {"cold" | "optimal" | "hot"} TyreZone */

/**
 * The working range that a tyre is in. Source: product brief, section 2 (cold < 80, hot > 105 °C).
 *
 * @param {Maybe} celsius
 * @returns {TyreZone | null}
 */
export function tyreZone(celsius) {
  if (!isKnown(celsius)) return null;
  if (celsius < 80) return "cold";
  return celsius > 105 ? "hot" : "optimal";
}

/**
 * The letter of a visual compound: `S`, `M`, `H`, `I`, `W`, and `SS` for the super soft of F2.
 *
 * @param {unknown} compound `"Medium"`, `"Soft (F2)"`, ...
 */
export function compoundLetter(compound) {
  if (typeof compound !== "string" || compound === "") return UNKNOWN;
  if (/^super soft/i.test(compound)) return "SS";
  return compound.charAt(0).toUpperCase();
}

/** How many of the 15 rev lights are lit, one boolean each, left first; `null` when unknown.
 *
 * @param {Maybe} bits 15 bits, bit 0 leftmost.
 * @param {Maybe} litPercent 0..100, used when the bits are unknown.
 * @returns {boolean[] | null}
 */
export function revLights(bits, litPercent) {
  if (isKnown(bits)) return Array.from({ length: 15 }, (_, light) => ((bits >> light) & 1) === 1);
  if (!isKnown(litPercent)) return null;
  const lit = Math.round((litPercent / 100) * 15);
  return Array.from({ length: 15 }, (_, light) => light < lit);
}
