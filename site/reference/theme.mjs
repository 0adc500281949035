import { MarkdownTheme, MarkdownThemeContext } from "typedoc-plugin-markdown";
import { repository } from "../steps/repository.mjs";

/** Shows parameters as a list, like Keras: the signature above it has the types of types. */
export class TopicTheme extends MarkdownTheme {
  getRenderContext(page) {
    const context = new MarkdownThemeContext(this, page, this.application.options);
    const { partials } = context;

    const itemOf = ({ name, type, comment }) => {
      const title = `- **\`${name}\`** (${partials.someType(type, { forceCollapse: true })})`;
      const text = comment === undefined ? "" : `: ${partials.comment(comment).trim()}`;
      return `${title}${text.replaceAll("\n", "\n  ")}`;
    };
    partials.parametersList = (parameters) => parameters.map(itemOf).join("\n");
    partials.typeParametersList = () => "";

    partials.sources = (model) => {
      const isExport = [model.parent, model.parent?.parent].some((parent) => parent === page.model);
      if (!isExport) return "";
      const [{ fileName, line, url }] = model.sources;
      return repository === undefined
        ? `Source: ${fileName}`
        : `Source: [${fileName}:${line}](${url})`;
    };
    return context;
  }
}
