// Whether the topics in site/api/ have all that the entry points export.
import ts from "typescript";

/** Returns the names of exports of the entry points that no topic exports in turn. */
export function missingExports(program) {
  const checker = program.getTypeChecker();
  const topics = program.getRootFileNames().map((name) => program.getSourceFile(name));
  const own = (symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const exportsOf = (symbol) => (symbol ? checker.getExportsOfModule(symbol) : []);
  const documented = new Set(
    topics.flatMap((topic) => exportsOf(checker.getSymbolAtLocation(topic)).map(own)),
  );
  const entries = new Set(
    topics
      .flatMap(({ statements }) => statements.filter(ts.isExportDeclaration))
      .flatMap(({ moduleSpecifier }) => moduleSpecifier ?? [])
      .map((specifier) => checker.getSymbolAtLocation(specifier)),
  );
  return (
    [...entries]
      .flatMap(exportsOf)
      .filter((symbol) => !documented.has(own(symbol)))
      // A namespace, whose members have topics of their own.
      .filter((symbol) => !(own(symbol).flags & ts.SymbolFlags.ValueModule))
      .map(({ name }) => name)
  );
}
