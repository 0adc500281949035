// The losses that an evaluation of files computes.
import { described, oneOf, wrongKind, wrongValue } from "../errors.js";
import type { FormulaConfig } from "../evaluate/formula.js";
import { isUnreduced } from "../evaluate/reduction.js";
import { definitions } from "../losses/list.js";
import { Loss } from "../losses/loss.js";
import type { LabelEncoding } from "../losses/spec.js";
import { nearestOf } from "../nearest.js";
import type { Widths } from "./columns.js";

/** Options of all losses that are given by name. */
export interface SharedOptions {
  readonly encoding?: LabelEncoding | undefined;
  readonly margin?: number | undefined;
  readonly classWeight?: ArrayLike<number> | undefined;
  readonly ignoreClass?: number | undefined;
}

/** A loss with one way to read labels. */
export interface LossReading {
  readonly encoding: LabelEncoding;
  readonly loss: Loss;
}

/** A loss of an evaluation. */
export interface ChosenLoss {
  readonly name: string;
  /** Whether its sum disregards rows, unless these have weights. */
  readonly isFlat: boolean;
  /** The losses to compute: two if the labels decide whether they are read as 0 and 1. */
  readingsFor(widths: Widths): readonly LossReading[];
}

/** Names that `losses` can have. */
export const lossNames = definitions.map(({ spec }) => spec.name);

function definitionOf(identifier: unknown): (typeof definitions)[number] {
  if (typeof identifier !== "string") {
    throw wrongKind("losses", "names of losses, or losses", described(identifier));
  }
  const found = definitions.find(
    ({ spec, Loss: Class }) => identifier === spec.name || identifier === Class.name,
  );
  if (found !== undefined) return found;
  const nearest = nearestOf(identifier, lossNames);
  const advice = nearest === undefined ? "" : `; did you mean ${JSON.stringify(nearest)}?`;
  throw wrongValue("losses", oneOf(lossNames), `${described(identifier)}${advice}`);
}

type Config = FormulaConfig & { readonly name?: string };

/** The encoding that fits the data, for a loss whose encoding nobody has chosen. */
function fittingEncoding(encodings: readonly LabelEncoding[], widths: Widths): LabelEncoding {
  const [usual] = encodings as [LabelEncoding];
  if (widths.predictions === 1) return usual;
  if (widths.labels === 1) return "sparse";
  return usual === "sparse" ? "onehot" : usual;
}

function chosen(
  definition: (typeof definitions)[number],
  config: Config,
  wasChosen: boolean,
): ChosenLoss {
  const { spec, Loss: Class } = definition;
  const create = (labels: LabelEncoding): LossReading => ({
    encoding: labels,
    loss: Class.fromConfig({ ...config, labels }) as Loss,
  });
  return {
    name: config.name ?? spec.name,
    isFlat:
      spec.family === "elementwise" &&
      config.classWeight === undefined &&
      config.ignoreClass === undefined,
    readingsFor(widths) {
      const encoding =
        config.labels ?? (wasChosen ? spec.labels[0] : fittingEncoding(spec.labels, widths));
      if (encoding !== "auto") return [create(encoding)];
      // It reads 0 and 1 as "binary" does, and reports labels that are neither.
      return [{ ...create("auto"), encoding: "binary" }, create("signed")];
    },
  };
}

/** Returns the options that a loss has; one that no loss would use is an error of its constructor. */
function namedConfig(definition: (typeof definitions)[number], options: SharedOptions): Config {
  const { encoding, margin, classWeight, ignoreClass } = options;
  const { name, labels, parameters } = definition.spec;
  if (encoding !== undefined && !labels.includes(encoding)) {
    throw wrongValue("encoding", `${oneOf(labels)} for ${name}`, described(encoding));
  }
  if (margin !== undefined && !parameters.includes("margin")) {
    throw wrongValue("margin", `no margin for ${name}, which has none`, described(margin));
  }
  const config = {
    ...(encoding !== undefined && { labels: encoding }),
    ...(margin !== undefined && { margin }),
    ...(classWeight !== undefined && { classWeight: Array.from(classWeight) }),
    ...(ignoreClass !== undefined && { ignoreClass }),
  };
  // Invalid values are errors before any file is read.
  definition.Loss.fromConfig(config);
  return config;
}

function chooseLoss(identifier: unknown, options: SharedOptions): ChosenLoss {
  if (!(identifier instanceof Loss)) {
    const definition = definitionOf(identifier);
    return chosen(definition, namedConfig(definition, options), options.encoding !== undefined);
  }
  if (isUnreduced(identifier.reduction)) {
    throw wrongValue("losses", "losses with a reduction to one number", `${identifier.name}`);
  }
  const definition = definitions.find(
    ({ Loss: Class }) => (identifier.constructor as unknown) === Class,
  );
  if (definition === undefined) {
    throw wrongKind("losses", "losses of this library", `one of a class derived from ${Loss.name}`);
  }
  return chosen(definition, identifier.getConfig(), true);
}

/**
 * Reads the losses of an evaluation.
 *
 * @throws TypeError or RangeError if there is none, one is unknown, two have the same name, or an
 *   option is invalid.
 */
export function chooseLosses(identifiers: unknown, options: SharedOptions): ChosenLoss[] {
  if (!Array.isArray(identifiers)) {
    throw wrongKind("losses", 'a list such as ["hinge"]', described(identifiers));
  }
  if (identifiers.length === 0) throw wrongValue("losses", "at least one loss", "none");
  const losses = identifiers.map((identifier) => chooseLoss(identifier, options));
  const names = losses.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw wrongValue("losses", "losses of different names", `${described(twice)} twice`);
  }
  return losses;
}
