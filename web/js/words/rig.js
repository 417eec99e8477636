// @ts-check
/** The words of a rig's own page. */

/** @param {string} rigId @param {readonly string[]} known */
export const noSuchRig = (rigId, known) =>
  known.length === 0 ? "The gateway has no rigs configured" : `There is no rig ${rigId}: this gateway has ${known.join(", ")}`;

export const RIG_LAPS = Object.freeze({
  title: "Laps of today",
  none: "No valid lap on this rig yet today",
  asked: "Asking the gateway for the day's laps",
  old: "may be old: the gateway does not answer",
});

/** The rig has laps today, but none here. @param {string} track */
export const noneAt = (track) => `No valid lap on this rig at ${track} yet today`;
