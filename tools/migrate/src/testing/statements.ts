import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const SOURCES = '{libs/*/*,apps/*,tools/*}/src/**/*.ts';
/** Tests, what only tests use, what runs once, and statements for DuckDB, which has no indexes to order by. */
const NOT_THESE =
  /\/(testing|migrations|mutants|dist|node_modules)\/|\/tools\/(testing|e2e)\/|\/warehouse\/src\/store\/|spec\.ts$/;

const ORDERED_OR_LOCKING = /\b(ORDER BY|FOR UPDATE|LOCK IN SHARE MODE|LIMIT ([\d?]|\{\{))/;
/** How statements that TypeORM writes come to an order, a limit or a lock. */
const PROPERTIES = new Set(['take', 'lock']);
const METHODS = new Set(['page', 'orderBy', 'addOrderBy', 'setLock', 'limit']);
/** Whose argument is what TypeORM makes a statement of: an `order` there orders it, whatever its value is. */
const QUERIES = /^(find\w*|scatter|page|setFindOptions)$/;

export interface Statement {
  /**
   * Its file and the constant, function or method that it is in. A second one there ends in `#2`, in the order of the
   * source.
   */
  readonly name: string;
  /** Parts that a function puts in are `{{as they are named}}`; undefined when TypeORM writes it. */
  readonly sql: string | undefined;
}

/** Every statement of the project with ORDER BY, LIMIT or a lock, each place once. */
export function orderedOrLocking(): Statement[] {
  const files = globSync(SOURCES, { cwd: ROOT }).map((file) => `/${file}`);
  return files
    .filter((file) => !NOT_THESE.test(file))
    .sort()
    .flatMap((file) => statementsIn(ROOT + file, readFileSync(ROOT + file, 'utf8')));
}

/** The same of one source. @param path tools write no statement with TypeORM */
export function statementsIn(path: string, code: string): Statement[] {
  const source = ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true);
  const found = new Map<ts.Node, Statement>();
  const counts = new Map<string, number>();
  const add = (node: ts.Node, sql: string | undefined): void => {
    if (found.has(node)) return;
    const place = `${basename(path)}#${placeOf(node)}`;
    const count = (counts.get(place) ?? 0) + 1;
    counts.set(place, count);
    found.set(node, { name: count === 1 ? place : `${place}#${count}`, sql });
  };
  const visit = (node: ts.Node): void => {
    const sql = isText(node) ? textOf(node, source) : undefined;
    const written = sql !== undefined && ORDERED_OR_LOCKING.test(sql);
    if (written) add(node, sql);
    else if (!path.includes('/tools/') && isOfTypeOrm(node)) add(wholeOf(node), undefined);
    // What is put into a text that counts is part of it.
    if (!written) ts.forEachChild(node, visit);
  };
  visit(source);
  return [...found.values()];
}

function isOfTypeOrm(node: ts.Node): boolean {
  if (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) {
    const name = node.name.getText();
    return PROPERTIES.has(name) || (name === 'order' && orders(node));
  }
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const [argument] = node.arguments;
  return METHODS.has(node.expression.name.text) && argument !== undefined && !ts.isSpreadElement(argument);
}

/** Whether the property named `order` is TypeORM's: by its value, `{ id: 'ASC' }`, or by the method it is given to. */
function orders(node: ts.PropertyAssignment | ts.ShorthandPropertyAssignment): boolean {
  const call = callOf(node.parent);
  const method = call && ts.isPropertyAccessExpression(call.expression) ? call.expression.name.text : '';
  if (QUERIES.test(method)) return true;
  if (!ts.isPropertyAssignment(node) || !ts.isObjectLiteralExpression(node.initializer)) return false;
  return node.initializer.properties.some(
    (property) =>
      ts.isPropertyAssignment(property) && /^['"](ASC|DESC)['"]$/i.test(property.initializer.getText()),
  );
}

/** One statement may have an order, a limit and a lock: the options, the call they are for, or the chain of calls. */
function wholeOf(node: ts.Node): ts.Node {
  let whole: ts.Node = ts.isCallExpression(node) ? node : (callOf(node.parent) ?? node.parent);
  while (ts.isPropertyAccessExpression(whole.parent) && ts.isCallExpression(whole.parent.parent))
    whole = whole.parent.parent;
  return whole;
}

/** The call that an object is an argument of. */
function callOf({ parent }: ts.Node): ts.CallExpression | undefined {
  return ts.isCallExpression(parent) ? parent : undefined;
}

type Text = ts.StringLiteral | ts.NoSubstitutionTemplateLiteral | ts.TemplateExpression;

function isText(node: ts.Node): node is Text {
  return (
    ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node)
  );
}

/** With constants of the same file put in. */
function textOf(node: Text, source: ts.SourceFile): string {
  if (!ts.isTemplateExpression(node)) return node.text;
  const parts = node.templateSpans.map(
    ({ expression, literal }) => valueOf(expression, source) + literal.text,
  );
  return node.head.text + parts.join('');
}

function valueOf(expression: ts.Expression, source: ts.SourceFile): string {
  const name = expression.getText();
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name: declared, initializer } of statement.declarationList.declarations) {
      if (declared.getText() !== name || !initializer) continue;
      if (isText(initializer)) return textOf(initializer, source);
      if (ts.isNumericLiteral(initializer)) return initializer.text.replaceAll('_', '');
    }
  }
  return `{{${name}}}`;
}

function placeOf(node: ts.Node): string {
  const isPlace = (at: ts.Node): at is ts.Node & { name: ts.Node } =>
    (ts.isVariableDeclaration(at) && ts.isSourceFile(at.parent.parent.parent)) ||
    ts.isFunctionDeclaration(at) ||
    ts.isMethodDeclaration(at);
  for (let at = node; !ts.isSourceFile(at); at = at.parent) if (isPlace(at)) return at.name.getText();
  return 'the file';
}
