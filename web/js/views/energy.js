// @ts-check
/** [edge] What the car has left, and what race control says of it: ERS, DRS, fuel, pit, flag, penalties. */
import { attributeOf, cell, el, stat, styleOf } from "../cells.js";
import { ERS_FULL_J, isKnown, margin, megajoules, oneDecimal, whole, word } from "../format.js";
import { drsWord, flagWord, LABELS, penaltyWord, pitWord } from "../words.js";

export function createEnergy() {
  const ers = cell("ers_store_energy_j", "figure");
  const deploy = cell("ers_deploy_mode", "energy-mode");
  const drs = cell("drs", "figure");
  const fuel = cell("fuel_kg", "figure");
  const spare = cell("fuel_remaining_laps", "energy-spare");
  const pit = cell("pit_status", "figure");
  const flag = cell("fia_flag", "figure");
  const penalties = cell("penalties_s", "figure");
  const warnings = cell("warnings", "figure");
  const fill = el("span", "ers-fill");
  const level = styleOf(fill, "transform");
  const drsState = attributeOf(drs.node, "data-state");
  const flagState = attributeOf(flag.node, "data-state");
  const penaltyState = attributeOf(penalties.node, "data-state");

  const node = el(
    "div",
    "energy",
    el(
      "div",
      "ers",
      el("span", "label", LABELS.ers),
      el("span", "ers-track", fill),
      el("span", "ers-figures", ers.node, el("span", "label", ` ${LABELS.ersUnit}`)),
      deploy.node,
    ),
    el(
      "div",
      "energy-stats",
      stat(LABELS.drs, "", drs.node),
      stat(LABELS.fuel, "", fuel.node, spare.node),
      stat(LABELS.pit, "", pit.node),
      stat(LABELS.flag, "", flag.node),
      stat(LABELS.penalties, "", penalties.node),
      stat(LABELS.warnings, "", warnings.node),
    ),
  );

  /** @param {Record<string, any>} data */
  const update = (data) => {
    const joules = data.ers_store_energy_j;
    const drsText = drsWord(data.drs, data.drs_allowed);
    const flagText = flagWord(data.fia_flag, data.safety_car);
    ers.write(megajoules(joules));
    level(`scaleX(${isKnown(joules) ? Math.min(1, joules / ERS_FULL_J).toFixed(3) : 0})`);
    deploy.write(word(data.ers_deploy_mode));
    drs.write(drsText);
    drsState(drsText);
    fuel.write(oneDecimal(data.fuel_kg));
    spare.write(margin(data.fuel_remaining_laps));
    pit.write(pitWord(data.pit_status));
    flag.write(flagText);
    flagState(flagText);
    penalties.write(penaltyWord(data.penalties_s));
    penaltyState(isKnown(data.penalties_s) && data.penalties_s > 0 ? "some" : null);
    warnings.write(whole(data.warnings));
  };
  return { node, update };
}
