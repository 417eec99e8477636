// @ts-check
/** Labels of the wall: the words that stand beside figures. */
import { UNKNOWN } from "../format.js";

/** @typedef {import("./facts.js").Category} Category */

export const LABELS = Object.freeze({
  speed: "Speed",
  gear: "Gear",
  rpm: "rpm",
  throttle: "Throttle",
  brake: "Brake",
  steering: "Steering",
  lap: "Lap",
  invalid: "✕ invalid",
  last: "Last",
  best: "Best",
  s1: "S1",
  s2: "S2",
  s3: "S3",
  sectors: "Sectors",
  sectorsLap: "Lap",
  deltaToBest: "Δ to own best",
  gapToLeader: "Leader",
  interval: "Ahead",
  leader: "leader",
  drs: "DRS",
  aero: "Aero",
  overtake: "OT",
  pit: "Pit",
  flag: "Flag",
  penalties: "Penalties",
  warningSign: "⚠",
  damage: "Damage",
  tyres: "Tyres",
  lapUnit: "lap",
  lapsUnit: "laps",
  ers: "ERS",
  ersUnit: "MJ",
  fuel: "Fuel kg, laps",
  of: "of",
  revLights: "Rev lights",
  trace: "Last 10 seconds: speed, throttle, brake",
  traceSpan: "10 s",
  timeline: "Timeline",
  tabs: "Parts of the wall",
  tabDuel: "Duel",
  timelineRows: "Events, newest first",
  noFacts: "Nothing has happened yet",
  everyRig: "All rigs",
  everyKind: "All",
  filterRig: "Show events of",
  filterKind: "Show kinds of events",
  lostBanner: "connection to the gateway lost, retrying",
  connecting: "Connecting to the gateway",
  noRigs: "The gateway has no rigs configured",
  gateway: "Gateway",
});

/** @type {Readonly<Record<Category, string>>} */
export const CATEGORIES = Object.freeze({ laps: "Laps", race: "Race", penalties: "Penalties", rigs: "Rigs" });

/** @type {Readonly<Record<string, string>>} */
export const WHEELS = Object.freeze({ fl: "front left", fr: "front right", rl: "rear left", rr: "rear right" });

/** Colour is never the only sign: each tyre zone has a glyph and a word. */
export const TYRE_ZONES = Object.freeze({
  cold: { glyph: "▼", text: "cold" },
  optimal: { glyph: "●", text: "optimal" },
  hot: { glyph: "▲", text: "hot" },
  unknown: { glyph: "", text: UNKNOWN },
});

/** @type {Readonly<Record<"live" | "stale" | "never" | "lost", string>>} */
export const LINKS = Object.freeze({ live: "live", stale: "silent", never: "waiting", lost: "lost" });

/** @type {Readonly<Record<"connecting" | "open" | "lost", string>>} */
export const SOCKETS = Object.freeze({ connecting: "connecting", open: "live", lost: "lost" });
