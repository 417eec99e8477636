// @ts-check
/**
 * What is wrong, in the order in which it should be mended, or that all is well; and the evidence for it. Pure.
 *
 * Theory: the gateway knows how grave each problem is, and tells the gravest first; that order is kept. "All is well"
 * needs proof of every part; what nobody has complained of and nobody has proven is neither well nor wrong.
 */
import { badgeOf, isolated } from "../format.js";
import {
  allPartsRun,
  CHECK_GLYPHS,
  CLOUD_IS_OFF,
  CLOUD_UNKNOWN,
  cloudIs,
  lostShort,
  moreWord,
  notSending,
  OPS,
  PARTS_UNKNOWN,
  partsStopped,
  rowAccepted,
  sendsWord,
  silentDetail,
  silentSentence,
  VERDICTS,
  wrongHeadline,
} from "../words/ops.js";

const MOST_SHOWN = 12;

/** @typedef {import("./report.js").Report} Report */
/** @typedef {import("./report.js").RigReport} RigReport */
/** @typedef {import("../cloud.js").Cloud} Cloud */
/** @typedef {import("../cloud.js").CloudView} CloudView */

/** @typedef {{badge: string | null, tag: string, what: string, remedy: string}} Problem `badge` of the rig it concerns; the sentence in two parts. */
/** @typedef {{badge: string | null, isProven: boolean, glyph: string, text: string}} Evidence */

/**
 * @typedef {object} VerdictView
 * @property {"good" | "caution" | "alert" | "unknown"} tone
 * @property {string} glyph
 * @property {string} headline
 * @property {string} detail
 * @property {readonly Problem[]} problems The gravest first.
 * @property {string} more
 * @property {readonly Evidence[]} evidence
 */

// --- problems ------------------------------------------------------------------------------------

/** A sentence, cut where its remedy begins. @param {string} text @returns {{what: string, remedy: string}} */
function parted(text) {
  const at = text.indexOf(": ");
  return at === -1 ? { what: text, remedy: "" } : { what: text.slice(0, at + 1), remedy: text.slice(at + 2) };
}

/** @param {Report} report @param {Cloud["report"]} cloud @returns {readonly Problem[]} */
function problemsOf({ problems, rigs }, cloud) {
  const ofCloud = new Set(cloud?.problems ?? []);
  /** @type {Map<string, number>} */
  const ofRigs = new Map();
  rigs.forEach((rig, index) => rig.problems.forEach((text) => ofRigs.set(text, ofRigs.get(text) ?? index)));

  /** @param {string} text @returns {Problem} */
  const problem = (text) => {
    const index = ofRigs.get(text);
    const tag = index !== undefined ? rigs[index].rigId : ofCloud.has(text) ? OPS.cloudTag : OPS.gatewayTag;
    return { badge: index === undefined ? null : badgeOf(index), tag, ...parted(text) };
  };
  return [...new Set([...(problems ?? []), ...ofRigs.keys(), ...ofCloud])].map(problem);
}

/** Stages that have ended, when nobody else has told of it. @param {Report} report @returns {readonly Problem[]} */
function deadParts({ parts }) {
  const dead = parts.filter(({ isUp }) => isUp === false).map(({ name }) => name);
  return dead.length === 0 ? [] : [{ badge: null, tag: OPS.gatewayTag, ...parted(partsStopped(dead)) }];
}

// --- evidence ------------------------------------------------------------------------------------

/** @param {boolean} isProven @param {string} text @param {string | null} badge @returns {Evidence} */
const evidence = (isProven, text, badge = null) => ({ badge, isProven, glyph: isProven ? CHECK_GLYPHS.ok : CHECK_GLYPHS.unknown, text });

/** @param {RigReport} rig @param {number} index */
function rigEvidence(rig, index) {
  const { link, lossPercent, perS, sendRateHz } = rig;
  const [rigId, badge] = [isolated(rig.rigId), badgeOf(index)];
  if (link !== "live") return evidence(false, notSending(rigId, link ?? "unknown", rig.ageS), badge);
  return evidence(sendRateHz !== null && lossPercent !== null, `${sendsWord(rigId, sendRateHz, perS)}, ${lostShort(lossPercent)}`, badge);
}

/** @param {Report} report */
function partsEvidence({ status, parts }) {
  const isProven = status === "ok" && parts.length > 0 && parts.every(({ isUp }) => isUp === true);
  return evidence(isProven, isProven ? allPartsRun(parts.length) : PARTS_UNKNOWN);
}

/** @param {Cloud} cloud @param {CloudView} view */
function cloudEvidence({ report }, view) {
  if (report === null || view.isStale || report.state === null) return evidence(false, CLOUD_UNKNOWN);
  if (report.state === "off") return evidence(true, CLOUD_IS_OFF);
  if (view.mark === "live") return evidence(true, rowAccepted(view.lines?.last.value ?? "–"));
  return evidence(view.mark === "quiet", cloudIs(view.status));
}

// --- the verdict ---------------------------------------------------------------------------------

/** @param {Partial<VerdictView> & Pick<VerdictView, "tone" | "glyph" | "headline">} told @returns {VerdictView} */
const verdict = (told) => ({ detail: "", problems: [], more: "", evidence: [], ...told });

/** Nothing has been asked yet. */
export const waitingVerdict = () => verdict({ tone: "unknown", ...VERDICTS.waiting });

/**
 * The gateway does not answer.
 *
 * @param {number | null} silenceS `null` when it has never answered.
 */
export const silentVerdict = (silenceS) =>
  verdict({
    tone: "alert",
    ...VERDICTS.silent,
    detail: silentDetail(silenceS !== null),
    problems: [{ badge: null, tag: OPS.gatewayTag, ...parted(silentSentence(silenceS)) }],
  });

/**
 * Something needs a hand. What is well beside it is told too, and what is in doubt is not: the problems say it.
 *
 * @param {Report} report
 * @param {readonly Problem[]} problems
 * @param {readonly Evidence[]} proofs
 */
function wrong({ status }, problems, proofs) {
  const troubled = new Set(problems.map(({ badge }) => badge));
  return verdict({
    tone: status === "ok" ? "caution" : "alert",
    ...VERDICTS.wrong,
    headline: wrongHeadline(problems.length),
    problems: problems.slice(0, MOST_SHOWN),
    more: moreWord(problems.length - MOST_SHOWN),
    evidence: proofs.filter(({ badge, isProven }) => isProven && (badge === null || !troubled.has(badge))),
  });
}

/**
 * What a fresh report comes to.
 *
 * @param {Report} report With its ages as they are now.
 * @param {Cloud} cloud
 * @param {CloudView} view Of the same cloud, at the same time.
 * @returns {VerdictView}
 */
export function verdictOf(report, cloud, view) {
  const told = problemsOf(report, view.isStale ? null : cloud.report);
  const problems = told.length === 0 ? deadParts(report) : told;
  const proofs = [...report.rigs.map(rigEvidence), cloudEvidence(cloud, view), partsEvidence(report)];
  if (problems.length > 0) return wrong(report, problems, proofs);
  const isWell = report.rigs.length > 0 && report.problems !== null && proofs.every(({ isProven }) => isProven);
  return verdict({ tone: isWell ? "good" : "unknown", ...VERDICTS[isWell ? "well" : "unproven"], evidence: proofs });
}
