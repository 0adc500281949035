// The radio buttons.
import { type Choices, corrected, groups, isPossible, type Name, names } from "./choices.js";
import { element } from "./dom.js";

const radiosIn = (parent: ParentNode) =>
  parent.querySelectorAll<HTMLInputElement>("input[type=radio]");

function fieldset(name: Name): HTMLFieldSetElement {
  const { legend, options } = groups[name];
  const labels = options.map(([value, text]) =>
    element("label", {}, element("input", { type: "radio", name, value }), text),
  );
  return element("fieldset", {}, element("legend", { textContent: legend }), ...labels);
}

/** Checks the radio buttons of the choices, and disables what does not go with them. */
function show(parent: ParentNode, choices: Choices): void {
  for (const radio of radiosIn(parent)) {
    const name = radio.name as Name;
    radio.checked = choices[name] === radio.value;
    radio.disabled = !isPossible(name, radio.value, choices);
  }
}

function read(parent: ParentNode): Choices {
  const checked = [...radiosIn(parent)].filter((radio) => radio.checked);
  return Object.fromEntries(checked.map(({ name, value }) => [name, value])) as unknown as Choices;
}

/** Adds the controls, and calls back with every change of the choices. */
export function addControls(
  parent: HTMLElement,
  initial: Choices,
  changed: (choices: Choices) => void,
): void {
  parent.append(...names.map(fieldset));
  show(parent, initial);
  parent.addEventListener("change", () => {
    const choices = corrected(read(parent));
    show(parent, choices);
    changed(choices);
  });
}
