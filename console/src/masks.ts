/** Admitting the empty scene that a camera learned: look at it, mask what must not be shown, say that nobody is in it. */

import { ask, Problem, send } from "./api";
import { h, say } from "./dom";
import { moment, sentence, share, span } from "./words";

type Corner = [x: number, y: number];
interface Plate {
  digest: string;
  width: number;
  height: number;
  since: number;
  until: number;
  votes: number;
  settled: number;
  masks: Corner[][];
  admitted: number | null;
}
/** How far the camera is with the next one. */
interface Looks {
  taken: number;
  needed: number;
  since: number;
}
interface Plates {
  learned: Plate | null;
  admitted: Plate | null;
  looks: Looks | null;
}
/** Left, top, right and bottom, as parts of the picture. */
type Box = [left: number, top: number, right: number, bottom: number];

/** Milliseconds between two looks for a newer plate. */
const EVERY = 30_000;
const MOST = 64;
const PARTS = ["Left", "Top", "Right", "Bottom"] as const;

/** The card, kept current for as long as the page is open. */
export async function masksCard(camera: string): Promise<HTMLElement> {
  const path = `cameras/${camera}/view/plates`;
  const body = h("div", { class: "plates-body" });
  const result = h("p", { class: "result", role: "status" });
  const card = h("section", { class: "card plates", "aria-labelledby": "plates" },
    h("h2", { id: "plates" }, "The empty scene behind the view"), body, result);
  let shown = "";
  const draw = (plates: Plates): void => {
    const key = `${plates.learned?.digest} ${plates.admitted?.admitted} ${plates.looks?.taken}`;
    if (key === shown) return;
    shown = key;
    body.replaceChildren(present(plates, camera, act), plates.learned ? admission(plates.learned, plates.admitted, camera, act) : nothing(plates.looks));
  };
  const act = async (what: Promise<Plates>, done: string): Promise<void> => {
    try {
      const now = await what;
      shown = "";
      draw(now);
      say(result, done);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      say(result, sentence(error.message));
    }
  };
  const look = async (): Promise<void> => {
    try {
      draw(await ask<Plates>(path));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      say(result, sentence(error.message));
    }
  };
  await look();
  window.setInterval(() => void look(), EVERY);
  return card;
}

type Act = (what: Promise<Plates>, done: string) => Promise<void>;

function nothing(looks: Looks | null): HTMLElement {
  const { taken, needed } = looks ?? { taken: 0, needed: 9 };
  const far = taken < needed
    ? `The camera has learned none yet: it has taken ${taken} of ${needed} looks, one every two hours, each of eleven minutes.`
    : `The camera has taken ${taken} looks, and they do not agree on enough of the place yet. It goes on looking.`;
  return h("div", {},
    h("p", {}, far),
    h("p", { class: "note" }, "It takes sixteen hours at least, by day and by night, so that nobody who stands, sits or sleeps there becomes part of the picture: a place is shown only where three in four looks saw the same."));
}

function present(plates: Plates, camera: string, act: Act): HTMLElement {
  const admitted = plates.admitted;
  if (!admitted) return h("p", {}, "Nothing has been admitted yet. Where this camera may show a view, it is drawn over plain ground.");
  const why = h("input", { id: "withdraw-why", type: "text", maxlength: 300, minlength: 3, required: true, autocomplete: "off" });
  const form = h("form", { class: "inline-form" },
    h("label", { for: "withdraw-why" }, "Why should it not be shown any more?"), why,
    h("button", { type: "submit" }, "Withdraw the view"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void act(send<Plates>("POST", `cameras/${camera}/view/plates/withdraw`, { why: why.value }), "Withdrawn. The view is drawn over plain ground.");
  });
  return h("div", {},
    h("p", {}, `Admitted: ${moment(admitted.admitted ?? 0)}, with ${admitted.masks.length || "no"} masked ${admitted.masks.length === 1 ? "place" : "places"}.`),
    h("details", {}, h("summary", {}, "Withdraw it"), form));
}

function admission(plate: Plate, admitted: Plate | null, camera: string, act: Act): HTMLElement {
  const boxes: Box[] = admitted ? admitted.masks.map(around) : [];
  const canvas = h("canvas", { width: plate.width, height: plate.height, "aria-hidden": "true" });
  const picture = h("img", { src: `/api/v1/cameras/${camera}/view/plates/learned?of=${plate.digest}`, alt: "The empty scene that the camera learned. Black is not known; it is not shown.", width: plate.width, height: plate.height });
  const stage = h("div", { class: "plate-stage" }, picture, canvas);
  const list = h("ul", { class: "mask-list", "aria-label": "Masked places" });
  const nobody = h("input", { id: "nobody", type: "checkbox", required: true });
  const fields = PARTS.map((part) => h("input", { type: "number", min: 0, max: 100, step: 1, value: part === "Left" || part === "Top" ? 0 : 10, "aria-label": `${part} edge, per cent` }));
  const adder = h("button", { type: "button" }, "Add this mask");
  const form = h("form", { class: "admit-form" },
    h("fieldset", { class: "mask-fields" }, h("legend", {}, "Mask posters, windows and screens: drag over the picture, or give the edges in per cent"),
      ...PARTS.map((part, k) => h("label", {}, part, fields[k])), adder),
    list,
    h("label", { class: "option" }, nobody, h("span", {}, "I looked at all of this picture, and nobody is in it: nobody stands, sits or lies there.")),
    h("button", { type: "submit" }, "Admit it to the view"));
  const redraw = (drawn: Box | null = null): void => {
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.clearRect(0, 0, plate.width, plate.height);
    pen.fillStyle = "#707070";
    pen.strokeStyle = "#ffd400";
    for (const [left, top, right, bottom] of drawn ? [...boxes, drawn] : boxes) {
      const at: [number, number, number, number] = [left * plate.width, top * plate.height, (right - left) * plate.width, (bottom - top) * plate.height];
      pen.fillRect(...at);
      pen.strokeRect(...at);
    }
    list.replaceChildren(...boxes.map((box, k) => {
      const remove = h("button", { type: "button" }, "Remove", h("span", { class: "hidden" }, ` mask ${k + 1}`));
      remove.addEventListener("click", () => {
        boxes.splice(k, 1);
        redraw();
      });
      return h("li", {}, `Mask ${k + 1}: ${box.map((edge) => share(edge)).join(", ")} `, remove);
    }));
  };
  const add = (box: Box): void => {
    const [left, top, right, bottom] = box;
    if (boxes.length < MOST && right - left > 0.004 && bottom - top > 0.004) boxes.push(box);
    redraw();
  };
  adder.addEventListener("click", () => {
    const [left = 0, top = 0, right = 0, bottom = 0] = fields.map((field) => Math.min(Math.max(field.valueAsNumber || 0, 0), 100) / 100);
    add(between([left, top], [right, bottom]));
  });
  drag(canvas, redraw, add);
  redraw();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const masks = boxes.map(([left, top, right, bottom]) => [[left, top], [right, top], [right, bottom], [left, bottom]]);
    void act(send<Plates>("POST", `cameras/${camera}/view/plates/admit`, { digest: plate.digest, nobody: nobody.checked, masks }), "Admitted. The camera starts anew and shows it in a few seconds.");
  });
  const same = admitted?.digest === plate.digest;
  return h("div", {},
    h("h3", {}, same ? "This one is shown" : "A learned one waits for somebody to look at it"),
    h("p", { class: "note" }, `Learned over ${span(plate.until - plate.since)} by ${plate.votes} ${plate.votes === 1 ? "look; it agrees" : "looks; they agree"} on ${share(plate.settled)} of the picture. The rest is not known and never shown.`),
    h("div", { class: "plates-columns" }, stage, form));
}

function around(mask: Corner[]): Box {
  const xs = mask.map(([x]) => x);
  const ys = mask.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

function between(a: Corner, b: Corner): Box {
  return around([a, b]);
}

/** Tell the box that is being dragged over `canvas`, and each that is done. */
function drag(canvas: HTMLCanvasElement, moving: (box: Box | null) => void, done: (box: Box) => void): void {
  let from: Corner | null = null;
  const at = (event: PointerEvent): Corner => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const inside = (value: number): number => Math.min(Math.max(value, 0), 1);
    return [inside((event.clientX - left) / width), inside((event.clientY - top) / height)];
  };
  canvas.addEventListener("pointerdown", (event) => {
    from = at(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (from) moving(between(from, at(event)));
  });
  canvas.addEventListener("pointerup", (event) => {
    if (from) done(between(from, at(event)));
    from = null;
  });
  canvas.addEventListener("pointercancel", () => {
    from = null;
    moving(null);
  });
}
