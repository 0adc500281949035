// A plugin of typedoc: a page for each topic, short pages, and nothing left out.
import { Converter, ReflectionKind } from "typedoc";
import { MarkdownPageEvent } from "typedoc-plugin-markdown";
import { missingExports } from "./completeness.mjs";
import { finish } from "./finish.mjs";
import { linkTarget } from "./links.mjs";
import { TopicRouter } from "./router.mjs";
import { TopicTheme } from "./theme.mjs";

/** @param {import("typedoc-plugin-markdown").MarkdownApplication} app */
export function load(app) {
  app.renderer.defineRouter("topics", TopicRouter);
  app.renderer.defineTheme("topics", TopicTheme);
  app.converter.addUnknownSymbolResolver(linkTarget);
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    removeInherited(context);
    keepLastOverload(context);
    nameTypeParameters(context);
  });
  app.converter.on(Converter.EVENT_END, ({ programs }) => {
    for (const name of programs.flatMap(missingExports)) {
      app.logger.error(`${name} is exported, but no topic in site/api/ has it`);
    }
  });
  app.renderer.on(MarkdownPageEvent.END, finish);
}

/** Removes members that a class inherits unchanged: the page of its base class has them. */
function removeInherited({ project }) {
  const kinds = ReflectionKind.ClassMember | ReflectionKind.Constructor;
  for (const reflection of project.getReflectionsByKind(kinds)) {
    if (reflection.inheritedFrom !== undefined) project.removeReflection(reflection);
  }
}

/** Keeps the most general one of the overloads of a function, which share one comment. */
function keepLastOverload({ project }) {
  for (const { signatures = [] } of project.getReflectionsByKind(ReflectionKind.Function)) {
    for (const signature of signatures.slice(0, -1)) project.removeReflection(signature);
  }
}

/**
 * Gives the constructors and static methods of a class its own type parameters, in which typedoc keeps
 * the names of types.
 */
function nameTypeParameters({ project }) {
  for (const { children = [], typeParameters: own = [] } of project.getReflectionsByKind(
    ReflectionKind.Class,
  )) {
    const signatures = children.flatMap((child) => child.signatures ?? []);
    for (const parameter of signatures.flatMap(({ typeParameters = [] }) => typeParameters)) {
      const named = own.find(({ name }) => name === parameter.name);
      if (named !== undefined)
        Object.assign(parameter, { type: named.type, default: named.default });
    }
  }
}
