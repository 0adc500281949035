// Options of typedoc: https://typedoc.org/documents/Options.html
import { fileURLToPath } from "node:url";
import { repository } from "../steps/repository.mjs";

const pathOf = (relative) => fileURLToPath(new URL(relative, import.meta.url));

/** @type {import("typedoc").TypeDocOptions & import("typedoc-plugin-markdown").PluginOptions} */
export default {
  name: "API reference",
  plugin: ["typedoc-plugin-markdown", pathOf("plugin.mjs")],
  entryPoints: [pathOf("../api/*/*.ts")],
  tsconfig: pathOf("../api/tsconfig.json"),
  out: pathOf("../pages/api"),
  basePath: pathOf("../.."),
  readme: "none",
  // `npm run typecheck` does this, with a newer compiler.
  skipErrorChecking: true,

  excludePrivate: true,
  excludeProtected: true,
  excludeInternal: true,
  sort: ["source-order"],
  groupOrder: ["Functions", "Classes", "Interfaces", "Type Aliases", "Constructors", "*"],

  disableGit: true,
  sourceLinkTemplate: `${repository}/blob/main/{path}#L{line}`,

  // Types that only name parts of other types need no page.
  validation: { invalidLink: true, notDocumented: true, notExported: false, rewrittenLink: true },
  treatWarningsAsErrors: true,
  packagesRequiringDocumentation: ["maxmargin", "maxmargin-site"],
  requiredToBeDocumented: [
    "Module",
    "Class",
    "Function",
    "Interface",
    "TypeAlias",
    "Variable",
    "Method",
    "Accessor",
    "Property",
    "Parameter",
  ],
  // What is around them says it.
  intentionallyNotDocumented: [
    "Distributing an evaluation.DistributeOptions.onProgress.__type.progress",
    "Dtypes.ResultDtype.__type.data",
    "Dtypes.ResultDtype.__type.dtype",
    "Evaluating files.EvaluateOptions.onProgress.__type.progress",
    "Gradients and async calls of functions.RowLoss.__type.options",
    "Gradients and async calls of functions.RowLoss.__type.yPred",
    "Gradients and async calls of functions.RowLoss.__type.yTrue",
    "Tensors.TensorArray.__type.[toStringTag]",
    "Tensors.TensorArray.__type.buffer",
    "Tensors.TensorArray.__type.byteOffset",
    "Tensors.TensorArray.__type.length",
    "Workers.WorkerOptions.log.__type.line",
  ],

  router: "topics",
  theme: "topics",
  entryFileName: "index",
  hideBreadcrumbs: true,
  hidePageHeader: true,
  hideGroupHeadings: true,
  useCodeBlocks: true,
  useCustomAnchors: true,
  expandParameters: true,
  expandObjects: true,
  pageTitleTemplates: { module: "{name}" },
};
