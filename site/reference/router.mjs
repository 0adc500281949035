import path from "node:path";
import { ReflectionKind } from "typedoc";
import { ModuleRouter } from "typedoc-plugin-markdown";

/** Returns the names of an export and of its member, such as `Loss.value`. */
function anchorOf(reflection) {
  const names = [];
  for (let at = reflection; at && !at.kindOf(ReflectionKind.Module); at = at.parent) {
    if (at.isDeclaration() && !at.kindOf(ReflectionKind.TypeLiteral)) names.unshift(at.name);
  }
  return names.join(".");
}

/** Gives every topic a page of the name of its file, and every export an anchor of its own name. */
export class TopicRouter extends ModuleRouter {
  getIdealBaseName(reflection) {
    const [source] = reflection.sources ?? [];
    if (!reflection.kindOf(ReflectionKind.Module) || source === undefined) {
      return super.getIdealBaseName(reflection);
    }
    const topics = path.dirname(this.application.options.getValue("tsconfig"));
    const { dir, name } = path.parse(path.relative(topics, source.fullFileName));
    return path.posix.join(dir, name);
  }

  buildAnchors(target, page) {
    if (target.isDeclaration() || target.isSignature()) {
      const anchor = anchorOf(target);
      this.anchors.set(target, anchor);
      this.fullUrls.set(target, `${this.urlOf(page)}#${anchor}`);
    }
    target.traverse((child) => {
      this.buildAnchors(child, page);
      return true;
    });
  }

  urlOf(reflection) {
    return this.fullUrls.get(reflection).split("#")[0];
  }
}
