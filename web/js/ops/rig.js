// @ts-check
/** One rig for its operator: what to type into the game, what of it arrives, and what the gateway sees. Pure. */
import { bytes, count, oneDecimal, UNKNOWN } from "../format.js";
import {
  agoWord,
  CHECK_GLYPHS,
  CHECKS,
  flagWord,
  formatWord,
  hertz,
  inAll,
  lastSeenWord,
  LINK_GLYPHS,
  linkWord,
  lossWord,
  newerWord,
  OPS,
  perSecond,
  publicWord,
  RIG_FACTS,
  seenWord,
  spaced,
  tallyWord,
  TYPE_IN,
  versionWord,
} from "../words/ops.js";

/** @typedef {import("./report.js").RigReport} RigReport */
/** @typedef {import("../words/ops.js").CheckMark} CheckMark */
/** @typedef {import("../words/ops.js").LinkMark} LinkMark */
/** @typedef {keyof typeof TYPE_IN} Setting */

/** @typedef {{mark: CheckMark, glyph: string, seen: string}} Check */
/** @typedef {Check & {setting: Setting, label: string, value: string}} TypeInRow */
/** @typedef {{name: string, expected: string, seen: string, total: string, glyph: string, word: string, mark: CheckMark}} PacketRow */
/** @typedef {{value: string, detail: string, isAlert: boolean}} Fact */

/**
 * @typedef {object} RigView
 * @property {string} rigId
 * @property {string} driver
 * @property {LinkMark} link
 * @property {string} linkGlyph
 * @property {string} linkWord
 * @property {string} flag How many problems, or nothing.
 * @property {readonly TypeInRow[]} typeIn
 * @property {readonly PacketRow[]} packets
 * @property {string} nowAndThen Packets without a rate, or nothing.
 * @property {Record<keyof typeof RIG_FACTS, Fact>} facts
 */

// --- what to type in -----------------------------------------------------------------------------

/** @param {CheckMark} mark @param {string} seen @returns {Check} */
const check = (mark, seen) => ({ mark, glyph: CHECK_GLYPHS[mark], seen });

/**
 * What an observed setting proves. Only what arrives now is proof; of a silent rig it is told what came last.
 *
 * @param {boolean} isLive
 * @param {string | null} seen As words; `null` when not observed.
 * @param {boolean} isRight
 * @param {Check} unseen
 */
function observed(isLive, seen, isRight, unseen) {
  if (seen === null) return unseen;
  if (!isLive) return check("unknown", lastSeenWord(seen));
  return check(isRight ? "ok" : "bad", seenWord(seen));
}

/** @param {RigReport} rig @param {boolean} isLive @param {Check} unseen */
function formatCheck({ format, typeIn }, isLive, unseen) {
  if (format === null) return unseen;
  const isRight = typeIn.format !== null && format >= typeIn.format;
  return isLive && isRight && format !== typeIn.format ? check("ok", newerWord(format)) : observed(isLive, String(format), isRight, unseen);
}

/** @param {RigReport} rig @returns {Record<Setting, Check>} */
function checksOf(rig) {
  const { typeIn, link, sendRateHz, isPublic } = rig;
  const isLive = link === "live";
  const silent = check("unknown", link === "stale" || link === "never" ? CHECKS.nothing : CHECKS.unknown);
  const [arrives, unseen] = isLive ? [check("ok", CHECKS.arrives), check("unknown", CHECKS.notYet)] : [silent, silent];
  return {
    telemetry: arrives,
    broadcast: isLive ? check("unknown", CHECKS.unseen) : silent,
    addresses: arrives,
    port: arrives,
    sendRate: observed(isLive, isLive && sendRateHz !== null ? hertz(sendRateHz) : null, sendRateHz === typeIn.sendRateHz, unseen),
    format: formatCheck(rig, isLive, unseen),
    yourTelemetry: observed(isLive, isPublic === null ? null : publicWord(isPublic), isPublic === true, unseen),
  };
}

/** @param {RigReport["typeIn"]} typeIn @returns {Record<Setting, string>} */
const valuesOf = ({ telemetry, broadcast, addresses, port, sendRateHz, format, yourTelemetry }) => ({
  telemetry: telemetry ?? UNKNOWN,
  broadcast: broadcast ?? UNKNOWN,
  addresses: addresses.length === 0 ? UNKNOWN : addresses.join(` ${OPS.or} `),
  port: port === null ? UNKNOWN : String(port),
  sendRate: hertz(sendRateHz),
  format: format === null ? UNKNOWN : String(format),
  yourTelemetry: yourTelemetry ?? UNKNOWN,
});

/** @param {RigReport} rig @returns {readonly TypeInRow[]} */
function typeInRows(rig) {
  const [checks, values] = [checksOf(rig), valuesOf(rig.typeIn)];
  return Object.entries(TYPE_IN).map(([name, label]) => {
    const setting = /** @type {Setting} */ (name);
    return { setting, label, value: values[setting], ...checks[setting] };
  });
}

// --- what arrives --------------------------------------------------------------------------------

/** How often a packet comes beside how often it should; of a silent rig every one is short, and that says nothing. */
const STATES = Object.freeze({
  ok: { glyph: CHECK_GLYPHS.ok, word: OPS.enough },
  bad: { glyph: "▼", word: OPS.short },
  unknown: { glyph: "", word: "" },
});

/** @param {import("./report.js").PacketReport} packet @param {boolean} isLive @returns {PacketRow} */
function packetRow({ packet, expectedHz, seenHz, total, isShort }, isLive) {
  const isTold = isLive && expectedHz !== null && seenHz !== null;
  const mark = !isTold ? "unknown" : isShort ? "bad" : "ok";
  return { name: spaced(packet), expected: oneDecimal(expectedHz), seen: oneDecimal(seenHz), total: count(total), mark, ...STATES[mark] };
}

/** @param {RigReport["packets"]} packets */
const nowAndThen = (packets) =>
  packets
    .filter(({ expectedHz, total }) => expectedHz === null && total !== 0)
    .map(({ packet, total }) => `${spaced(packet)} ${count(total)}`)
    .join(" · ");

/** @param {string} value @param {string} detail @param {boolean} isAlert @returns {Fact} */
const fact = (value, detail = "", isAlert = false) => ({ value, detail, isAlert });

/** @param {RigReport} rig */
function rejectedFact({ rejected, ignored }) {
  const ignoredWord = ignored === null || ignored.length === 0 ? "" : `ignored: ${tallyWord(ignored)}`;
  if (rejected === null) return fact(UNKNOWN, ignoredWord);
  const total = rejected.reduce((sum, [, times]) => sum + times, 0);
  return fact(count(total), [tallyWord(rejected), ignoredWord].filter(Boolean).join(" · "), total > 0);
}

/** @param {RigReport} rig @returns {RigView["facts"]} */
const factsOf = (rig) => ({
  last: fact(agoWord(rig.ageS)),
  loss: fact(lossWord(rig.lossPercent)),
  received: fact(perSecond(rig.link === "never" ? 0 : rig.perS), inAll(rig.received)),
  source: fact(rig.source ?? UNKNOWN),
  game: fact(formatWord(rig.format), versionWord(rig.gameVersion)),
  session: fact(rig.sessionType ?? UNKNOWN),
  rejected: rejectedFact(rig),
  buffer: fact(bytes(rig.bufferBytes)),
});

/**
 * What a rig's card shows.
 *
 * @param {RigReport} rig With its ages as they are now.
 * @returns {RigView}
 */
export function rigView(rig) {
  const link = rig.link ?? "unknown";
  return {
    rigId: rig.rigId,
    driver: rig.driver ?? "",
    link,
    linkGlyph: LINK_GLYPHS[link],
    linkWord: linkWord(link, rig.ageS),
    flag: rig.problems.length === 0 ? "" : flagWord(rig.problems.length),
    typeIn: typeInRows(rig),
    packets: rig.packets.filter(({ expectedHz }) => expectedHz !== null).map((packet) => packetRow(packet, link === "live")),
    nowAndThen: nowAndThen(rig.packets),
    facts: factsOf(rig),
  };
}
