// @ts-check
/** [edge] Composition root of the page that compares two laps: wires questions, address, state and views. Decides nothing. */
import { ask } from "../ask.js";
import { mountOf } from "../cells.js";
import * as compare from "../compare.js";
import { lapsUrl, lapUrl, searchOf, wishOf } from "../compare/address.js";
import { createPainter } from "../paint.js";
import { poll } from "../poll.js";
import { displayOf } from "../units.js";
import { isRecord, record } from "../untrusted.js";
import { createCharts } from "../views/comparecharts.js";
import { createFigures } from "../views/comparefigures.js";
import { createPlace, createLapCard, createSwap } from "../views/comparepick.js";
import { createNav } from "../views/nav.js";

const PERIOD_MS = 3_000;

let state = compare.initialCompare(wishOf(location.search));
/** The day of the list that is being asked for; `undefined` while none is. @type {string | null | undefined} */
let dayAsked;

const nav = createNav(mountOf("nav"));
const views = [
  createPlace(mountOf("place"), { onDay: (day) => choose(compare.dayChosen(state, day)), onTrack: (track) => choose(compare.trackChosen(state, track)) }),
  createLapCard(mountOf("lap-a"), "a", (lapId) => choose(compare.lapChosen(state, "a", lapId))),
  createFigures(mountOf("figures"), createSwap(() => choose(compare.swapped(state)))),
  createLapCard(mountOf("lap-b"), "b", (lapId) => choose(compare.lapChosen(state, "b", lapId))),
  createCharts(mountOf("charts")),
];

const paint = createPainter(() => {
  const view = compare.compareView(state);
  for (const { update } of views) update(view);
  nav.show(state.rigIds);
});

/** @param {compare.CompareState} next */
function become(next) {
  state = next;
  const search = searchOf(state.chosen); // what the page filled in itself may change with the next lap
  if (search !== location.search) history.replaceState(null, "", search || location.pathname);
  if (state.listing === null && !state.isListFailing) askList();
  for (const lapId of compare.questions(state)) askLap(lapId);
  paint(state);
}

/** A person has chosen: the way back leads to what was shown before. @param {compare.CompareState} next */
function choose(next) {
  if (searchOf(next.chosen) !== location.search) history.pushState(null, "", searchOf(next.chosen) || location.pathname);
  become(next);
}

async function askList() {
  const { day } = state.chosen;
  if (dayAsked === day) return;
  dayAsked = day;
  state = compare.listAsked(state);
  const { status, body } = await ask(lapsUrl(day));
  if (dayAsked === day) dayAsked = undefined;
  become(status === 200 ? compare.listAnswered(state, day, body) : compare.listFailed(state));
}

/** @param {string} lapId */
async function askLap(lapId) {
  state = compare.lapAsked(state, lapId);
  const { status, body } = await ask(lapUrl(lapId));
  if (status === 404) become(compare.lapMissing(state, lapId));
  else become(status === 200 ? compare.lapAnswered(state, lapId, body) : compare.lapFailed(state, lapId));
}

/** The rigs in the gateway's order; they do not change while a gateway runs. */
async function askRigs() {
  const { body } = await ask("/health"); // a gateway that is not well tells them too
  const { rigs } = record(record(body).gateway);
  become(isRecord(rigs) ? compare.rigsAnswered(state, Object.keys(rigs)) : compare.rigsSilent(state));
  if (!isRecord(rigs)) setTimeout(askRigs, PERIOD_MS);
}

/** The unit of speed, which does not change either. */
async function askDisplay() {
  const { status, body } = await ask("/api/display");
  if (status === 200) become(compare.displayAnswered(state, displayOf(body)));
  else setTimeout(askDisplay, PERIOD_MS);
}

addEventListener("popstate", () => become(compare.wished(state, wishOf(location.search))));
become(compare.rigsAsked(state));
askRigs();
askDisplay();
poll(
  "/api/day",
  {
    onBody: (body) => {
      become(compare.dayAnswered(state, body));
      if (state.isListOld) askList();
    },
    onFailure: () => become(compare.daySilent(state)),
  },
  { periodMs: PERIOD_MS, isTagged: true },
);
