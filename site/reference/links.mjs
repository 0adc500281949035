import { ReflectionKind } from "typedoc";

/** Returns the topic of a reflection, and the entry point of the topic: a folder of site/api/. */
function placeOf(reflection) {
  let topic = reflection;
  while (!topic.kindOf(ReflectionKind.Module) && topic.parent) topic = topic.parent;
  return { topic, entry: topic.sources?.[0]?.fullFileName.split("/").at(-2) };
}

/**
 * Finds what `{@link Name}` and `{@link Name.member}` stand for if typedoc does not, because the
 * name belongs to another topic: preferably of the same entry point.
 */
export function linkTarget({ symbolReference }, from, link) {
  // A type, not a link.
  if (link === undefined) return undefined;
  const [name, ...members] = (symbolReference?.path ?? []).map(({ path }) => path);
  const { entry } = placeOf(from);
  const targets = (from.project.children ?? [])
    .flatMap(({ children = [] }) => children.filter((child) => child.name === name))
    .map((target) => ({ target, isNear: placeOf(target).entry === entry }))
    .sort((a, b) => Number(b.isNear) - Number(a.isNear));
  const memberOf = (parent, member) => parent?.getChildByName([member]);
  const target = targets.map((each) => members.reduce(memberOf, each.target)).find(Boolean);
  return target && { target, caption: [name, ...members].join(".") };
}
