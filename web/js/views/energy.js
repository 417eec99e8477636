// @ts-check
/** [edge] What the car has left, and what race control says of it: ERS, DRS or active aero, fuel, pit, flag, penalties, damage. */
import { attributeOf, cell, el, stat, styleOf, textOf } from "../cells.js";
import { ERS_FULL_J, isKnown, margin, megajoules, oneDecimal, word } from "../format.js";
import { LABELS } from "../words/labels.js";
import { aeroWord, damageWord, drsWord, flagWord, overtakeWord, penaltyWord, pitWord } from "../words/pane.js";

function createErs() {
  const ers = cell("ers_store_energy_j", "ers-figure");
  const deploy = cell("ers_deploy_mode", "ers-mode");
  const fill = el("span", "ers-fill");
  const level = styleOf(fill, "transform");
  const node = el(
    "div",
    "ers",
    el("span", "label", LABELS.ers),
    el("span", "ers-track", fill),
    el("span", "ers-figures", ers.node, el("span", "label", ` ${LABELS.ersUnit}`)),
    deploy.node,
  );
  /** @param {Record<string, any>} data */
  const update = (data) => {
    const joules = data.ers_store_energy_j;
    ers.write(megajoules(joules));
    level(`scaleX(${isKnown(joules) ? Math.min(1, joules / ERS_FULL_J).toFixed(3) : 0})`);
    deploy.write(word(data.ers_deploy_mode));
  };
  return { node, update };
}

/** DRS in its three states; active aero and overtake mode in its place where the car has those. */
function createWings() {
  const drs = cell("drs", "figure");
  const overtake = cell("overtake", "energy-spare");
  const label = el("span", "label", LABELS.drs);
  const node = el("div", "stat", label, el("span", "stat-values", drs.node, overtake.node));
  const labelText = textOf(label);
  const state = attributeOf(drs.node, "data-state");
  const overtakeState = attributeOf(overtake.node, "data-state");
  /** @param {Record<string, any>} data */
  const update = (data) => {
    const isNew = data.regulations_2026 === true;
    const text = isNew ? aeroWord(data.active_aero) : drsWord(data.drs, data.drs_allowed);
    labelText(isNew ? LABELS.aero : LABELS.drs);
    drs.write(text);
    state(text);
    overtake.write(isNew ? `${LABELS.overtake} ${overtakeWord(data.overtake)}` : "");
    overtakeState(isNew ? String(data.overtake) : null);
  };
  return { node, update };
}

export function createEnergy() {
  const ers = createErs();
  const wings = createWings();
  const fuel = cell("fuel_kg", "figure");
  const spare = cell("fuel_remaining_laps", "energy-spare");
  const pit = cell("pit_status", "figure");
  const flag = cell("fia_flag", "figure");
  const penalties = cell("penalties_s", "figure");
  const warnings = cell("warnings", "energy-spare");
  const damage = cell("damage", "figure");
  const damageLabel = el("span", "label", LABELS.damage);
  const damagePart = textOf(damageLabel);
  const flagState = attributeOf(flag.node, "data-state");
  const penaltyState = attributeOf(penalties.node, "data-state");
  const damageTone = attributeOf(damage.node, "data-tone");

  const node = el(
    "div",
    "energy",
    ers.node,
    el(
      "div",
      "energy-stats",
      wings.node,
      stat(LABELS.fuel, "", fuel.node, spare.node),
      stat(LABELS.flag, "", flag.node),
      el("div", "stat", damageLabel, el("span", "stat-values", damage.node)),
      stat(LABELS.penalties, "", penalties.node, warnings.node),
      stat(LABELS.pit, "", pit.node),
    ),
  );
  node.dataset.widget = "energy";

  /** @param {Record<string, any>} data @param {boolean} isRedFlag */
  const update = (data, isRedFlag) => {
    const flagText = flagWord(data.fia_flag, data.safety_car, isRedFlag);
    const hurt = damageWord(data.damage);
    ers.update(data);
    wings.update(data);
    fuel.write(oneDecimal(data.fuel_kg));
    spare.write(margin(data.fuel_remaining_laps));
    pit.write(pitWord(data.pit_status));
    flag.write(flagText);
    flagState(flagText);
    penalties.write(penaltyWord(data.penalties_s));
    penaltyState(isKnown(data.penalties_s) && data.penalties_s > 0 ? "some" : null);
    warnings.write(isKnown(data.warnings) && data.warnings > 0 ? `${LABELS.warningSign}${data.warnings}` : "");
    damagePart(hurt.label);
    damage.write(hurt.text);
    damageTone(hurt.tone);
  };
  return { node, update };
}
