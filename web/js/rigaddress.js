// @ts-check
/** Which rig a page's address names. Pure. */

/**
 * The rig of `/rig/{rig_id}`.
 *
 * @param {string} pathname
 * @returns {string} As it stands in the address where that cannot be decoded: then there is no such rig.
 */
export function rigIdOf(pathname) {
  const written = pathname.split("/")[2] ?? "";
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}
