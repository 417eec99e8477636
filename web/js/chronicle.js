// @ts-check
/**
 * What the timeline shows of what the rigs told: each thing once. Pure.
 *
 * Two rigs of one session tell the same events, and a best lap is told as a lap and as the fastest lap. Such tellings
 * lie near in time and are of the same cars; they become one row, in the words of the rig that they concern most, with
 * the badges of all that told it. A lap keeps the badge of the rig that drove it.
 */

/** @typedef {import("./store.js").Row} Row */
/** @typedef {Row & {rigIds: readonly string[], tellings: readonly string[]}} Line `rigIds`: whose badges it wears; `tellings`: who told it as what. */

const NEAR_MS = 10_000; // two games tell one thing within a second or two; a network may hold one of them up

/** Kinds that all rigs of a session tell alike. */
const SHARED = new Set([
  "Overtake",
  "Collision",
  "Retirement",
  "PenaltyIssued",
  "PenaltyServed",
  "SpeedTrap",
  "LightsOut",
  "ChequeredFlag",
  "RaceWinner",
  "RedFlag",
  "SafetyCar",
  "DrsChanged",
  "ParticipantsChanged",
  "FinalClassification",
]);

/** What two rows of one thing have in common; `null` for what a rig tells of itself. @param {Row} row @returns {string | null} */
function thingOf({ event }) {
  const { kind, session_uid: uid } = event;
  if (typeof uid !== "string") return null;
  if (kind === "LapCompleted" || kind === "FastestLap") return JSON.stringify(["lap", uid, event.car_index, event.lap_time_ms]);
  if (!SHARED.has(kind)) return null;
  const what = [event.car_index, event.overtaken_car_index, event.other_car_index, event.penalty, event.infringement, event.lap_number];
  return JSON.stringify([kind, uid, ...what, event.safety_car, event.action, event.enabled, event.num_active_cars, event.speed_kph]);
}

/** A lap that the rig's own car drove. @param {Row} row */
const isOwnLap = ({ event }) => event.kind === "LapCompleted" && event.own === true;

/** How much a telling concerns the rig that told it. @param {Row} row */
function concern(row) {
  const { event, told } = row;
  if (isOwnLap(row)) return 3;
  if (event.kind === "LapCompleted") return 2;
  return told.isMinor === true || told.tone === "quiet" ? 0 : 1;
}

/** Each rig tells a thing once in each way. @param {Row} row */
const tellingOf = ({ event, rig_id }) => `${event.kind} ${rig_id}`;

/** Is the row another telling of the line's thing? @param {Line} line @param {Row} row */
function isSameThing(line, row) {
  return Math.abs(line.at - row.at) <= NEAR_MS && !line.tellings.includes(tellingOf(row));
}

/** @param {Line} line @param {Row} row An older telling of the same. @returns {Line} */
function together(line, row) {
  const best = concern(row) >= concern(line) ? row : line;
  const rigIds = isOwnLap(best) ? [best.rig_id] : [...new Set([...line.rigIds, row.rig_id])];
  const tellings = [...line.tellings, tellingOf(row)];
  return { ...best, id: row.id, at: line.at, rigIds, tellings }; // the id of the first telling, so that the row on the screen stays
}

/**
 * @param {readonly Row[]} rows Newest first.
 * @returns {readonly Line[]} Newest first.
 */
export function chronicle(rows) {
  /** @type {Line[]} */
  const lines = [];
  /** @type {Map<string, number>} Where the newest line of a thing stands. */
  const places = new Map();
  for (const row of rows) {
    const thing = thingOf(row);
    const place = thing === null ? undefined : places.get(thing);
    if (place !== undefined && isSameThing(lines[place], row)) {
      lines[place] = together(lines[place], row);
      continue;
    }
    if (thing !== null) places.set(thing, lines.length);
    lines.push({ ...row, rigIds: [row.rig_id], tellings: [tellingOf(row)] });
  }
  return lines;
}
