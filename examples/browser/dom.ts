type Tags = HTMLElementTagNameMap;

/** Makes an element with properties and children. */
export function element<K extends keyof Tags>(
  tag: K,
  properties: Partial<Tags[K]>,
  ...children: (Node | string)[]
): Tags[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Returns the element of the page that has an id. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no element has the id ${id}`);
  return found;
}
