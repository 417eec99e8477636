// @ts-check
/**
 * Reading a body of which nothing is promised: each reader takes anything and gives the value, or `null` for unknown.
 */
import { cleanText, isKnown } from "./format.js";

const SENTENCE_LENGTH = 300;
const NAME_LENGTH = 80; // the longest name of an object in Data Cloud

/** @param {unknown} value @returns {value is Record<string, any>} */
export const isRecord = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** An object; empty when it is none. @param {unknown} value @returns {Record<string, any>} */
export const record = (value) => (isRecord(value) ? value : {});

/** A list, at most so long; empty when it is none. @param {unknown} value @param {number} most @returns {readonly unknown[]} */
export const list = (value, most) => (Array.isArray(value) ? value.slice(0, most) : []);

/** A figure that cannot be negative. @param {unknown} value @returns {number | null} */
export const amount = (value) => (isKnown(value) && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : null);

/** A figure of either sign. @param {unknown} value @returns {number | null} */
export const figure = (value) => (isKnown(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : null);

/** @param {unknown} value @returns {boolean | null} */
export const truth = (value) => (typeof value === "boolean" ? value : null);

/** @param {unknown} value */
export const sentence = (value) => cleanText(value, SENTENCE_LENGTH);

/** @param {unknown} value */
export const name = (value) => cleanText(value, NAME_LENGTH);

/** What of a list can be read. @param {unknown} value @param {number} most @param {(value: unknown) => string | null} read @returns {readonly string[]} */
export const texts = (value, most, read) => list(value, most).flatMap((text) => read(text) ?? []);

/** Milliseconds since 1970 of a time in ISO 8601. @param {unknown} value @returns {number | null} */
export const instant = (value) => (typeof value === "string" ? amount(Date.parse(value)) : null);

/** One of some words. @template {string} Word @param {unknown} value @param {readonly Word[]} words @returns {Word | null} */
export const oneOf = (value, words) => words.find((word) => word === value) ?? null;
