// @ts-check
/** [edge] The operator's control panel: a button, and a dialog with the token, the rigs and those who could be one. */
import { el, hiddenOf, textOf } from "../cells.js";
import { CONTROL, claimed, claimFor, rebound, senderLine } from "../words/control.js";

/** @typedef {ReturnType<typeof import("../operator.js").createOperator>} Operator */
/** @typedef {import("../ops/control.js").ControlView} ControlView */
/** @typedef {import("../ops/control.js").SenderView} SenderView */

/** @param {string} text @param {() => void} onPress */
function button(text, onPress) {
  const node = el("button", "control-button", text);
  node.type = "button";
  node.addEventListener("click", onPress);
  return node;
}

/**
 * Lines that are made once for a key and then only written, so that a button keeps the focus while figures change.
 *
 * @template Item
 * @param {string} label
 * @param {(item: Item) => {node: HTMLElement, update: (item: Item) => void}} make
 * @param {(item: Item) => string} keyOf
 */
function createLines(label, make, keyOf) {
  const node = el("ul", "control-lines");
  node.setAttribute("aria-label", label);
  /** @type {Map<string, {node: HTMLElement, update: (item: Item) => void}>} */
  let lines = new Map();
  /** @param {readonly Item[]} items */
  const update = (items) => {
    const before = [...lines.keys()].join("\n");
    lines = new Map(items.map((item) => [keyOf(item), lines.get(keyOf(item)) ?? make(item)]));
    if ([...lines.keys()].join("\n") !== before) node.replaceChildren(...[...lines.values()].map((line) => line.node));
    for (const item of items) lines.get(keyOf(item))?.update(item);
  };
  return { node, update };
}

/**
 * The token's part: asked for while there is none, forgotten on request.
 *
 * @param {Operator} operator
 * @param {(sentence: string) => void} say
 * @param {(isOperator: boolean) => void} onChange
 */
function createToken(operator, say, onChange) {
  const input = el("input", "control-input");
  input.type = "password";
  input.name = "operator-token";
  input.id = "operator-token";
  input.autocomplete = "off";
  input.required = true;
  const label = el("label", "control-label", CONTROL.token);
  label.htmlFor = input.id;
  const hint = el("p", "ops-quiet", CONTROL.tokenHint);
  hint.id = "operator-token-hint";
  input.setAttribute("aria-describedby", hint.id);
  const submit = el("button", "control-button", CONTROL.use);
  const form = el("form", "control-token", label, input, submit, hint);
  const known = el("p", "control-token", el("span", "", CONTROL.accepted), " ", button(CONTROL.forget, () => forget(CONTROL.forgotten)));
  const [formHidden, knownHidden] = [hiddenOf(form), hiddenOf(known)];

  /** @param {boolean} isOperator */
  const show = (isOperator) => {
    formHidden(isOperator);
    knownHidden(!isOperator);
    onChange(isOperator);
  };
  /** @param {string} sentence */
  const forget = (sentence) => {
    operator.forget();
    show(false);
    say(sentence);
    input.focus();
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say(CONTROL.checking);
    submit.disabled = true;
    const { ok, sentence } = await operator.use(input.value);
    submit.disabled = false;
    if (ok) input.value = "";
    else operator.forget();
    show(ok);
    say(ok ? CONTROL.accepted : sentence ?? CONTROL.refused);
  });
  show(operator.token() !== null);
  return { nodes: [form, known], forget };
}

/**
 * @param {HTMLElement} mount
 * @param {Operator} operator
 */
export function createControl(mount, operator) {
  const status = el("p", "control-status");
  status.setAttribute("role", "status");
  const say = textOf(status);
  const work = el("div", "control-work");
  const workHidden = hiddenOf(work);
  const token = createToken(operator, say, (isOperator) => workHidden(!isOperator));

  /** @param {Promise<import("../operator.js").Answer>} asking @param {string} done */
  const tell = async (asking, done) => {
    say(CONTROL.checking);
    const { ok, isDenied, sentence } = await asking;
    if (isDenied) token.forget(sentence ?? CONTROL.refused);
    else say(ok ? done : sentence ?? CONTROL.refused);
  };

  const rigs = createLines(
    CONTROL.rigs,
    /** @param {string} rigId */
    (rigId) => {
      const press = button(CONTROL.rebind, () => tell(operator.rebind(rigId), rebound(rigId)));
      press.setAttribute("aria-label", `${CONTROL.rebind} ${rigId}`);
      return { node: el("li", "control-line", el("bdi", "control-what", rigId), press), update: () => {} };
    },
    (rigId) => rigId,
  );
  const senders = createLines(
    CONTROL.senders,
    /** @param {SenderView} made */
    (made) => {
      const what = el("bdi", "control-what");
      const presses = made.rigIds.map((rigId) => {
        const press = button(claimFor(rigId), () => tell(operator.claim(rigId, made.address), claimed(rigId, made.address)));
        press.setAttribute("aria-label", `${claimFor(rigId)}: ${made.address}`);
        return press;
      });
      const write = textOf(what);
      return { node: el("li", "control-line", what, ...presses), update: (/** @type {SenderView} */ sender) => write(senderLine(sender)) };
    },
    ({ address, port, rigIds }) => [address, port, ...rigIds].join(" "),
  );
  const [noRigs, nothing] = [el("p", "ops-quiet", CONTROL.noRigs), el("p", "ops-quiet", CONTROL.nothing)];
  const [noRigsHidden, nothingHidden] = [hiddenOf(noRigs), hiddenOf(nothing)];
  work.append(
    el("h3", "ops-subtitle", CONTROL.rigs),
    el("p", "ops-quiet", CONTROL.rebindHint),
    rigs.node,
    noRigs,
    el("h3", "ops-subtitle", CONTROL.senders),
    senders.node,
    nothing,
  );

  const dialog = el("dialog", "control");
  const title = el("h2", "ops-rig-name", CONTROL.title);
  title.id = "control-title";
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.append(el("div", "control-head", title, button(CONTROL.close, () => dialog.close())), ...token.nodes, status, work);
  const open = button(CONTROL.open, () => dialog.showModal());
  open.setAttribute("aria-haspopup", "dialog");
  dialog.addEventListener("close", () => {
    say("");
    open.focus();
  });
  mount.replaceChildren(open, dialog);

  /** @param {ControlView} view */
  const update = (view) => {
    rigs.update(view.rigIds);
    senders.update(view.senders);
    noRigsHidden(view.rigIds.length > 0);
    nothingHidden(view.senders.length > 0);
  };
  return { update };
}
