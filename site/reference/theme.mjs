import { MarkdownTheme, MarkdownThemeContext } from "typedoc-plugin-markdown";
import { repository } from "../steps/repository.mjs";

/** Shows parameters and results as Keras does, below a signature with all types. */
export class TopicTheme extends MarkdownTheme {
  getRenderContext(page) {
    const context = new MarkdownThemeContext(this, page, this.application.options);
    const { partials } = context;

    // A type of several names would be as many pieces of code.
    const typeOf = (type) =>
      partials
        .someType(type, { forceCollapse: true })
        .replaceAll("`", "")
        .replaceAll(/\s*\n\s*/g, " ");
    const textOf = (comment) =>
      comment === undefined ? "" : `: ${partials.comment(comment).trim()}`;

    partials.parametersList = (parameters) =>
      parameters
        .map(({ name, type, comment }) => `- **\`${name}\`** (${typeOf(type)})${textOf(comment)}`)
        .map((item) => item.replaceAll("\n", "\n  "))
        .join("\n");
    partials.typeParametersList = () => "";

    partials.signatureReturns = ({ type, comment }) => {
      const returns = comment?.getTag("@returns");
      if (returns === undefined) return "";
      const text = context.helpers.getCommentParts(returns.content).trim();
      return `**Returns**\n\n${typeOf(type)}: ${text}`;
    };

    partials.sources = (model) => {
      const owner = model.isSignature() ? model.parent : model;
      if (owner.parent !== page.model) return "";
      const [{ fileName, line, url }] = model.sources;
      const file = repository === undefined ? fileName : `[${fileName}:${line}](${url})`;
      return `Source: ${file}`;
    };
    return context;
  }
}
