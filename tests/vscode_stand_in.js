// A stand-in for the editor's own module `vscode`: keeps what the extension registers, and plays a scene with it.
"use strict";

const Module = require("node:module");
const fs = require("node:fs");
const path = require("node:path");
const url = require("node:url");

const [extension, folder, command] = process.argv.slice(2);
const providers = {};
const published = new Map();
const messages = [];
const listeners = {};
const on = (name) => (act) => ((listeners[name] = act), {dispose() {}});
const keep = (name) => (...args) => ((providers[name] = args), {dispose() { delete providers[name]; }});

class Position { constructor(line, character) { Object.assign(this, {line, character}); } }
class Range { constructor(start, end) { Object.assign(this, {start, end}); } }
class Uri {
  constructor(text) { this.text = text; this.scheme = text.split(":")[0]; }
  static parse(text) { return new Uri(text); }
  toString() { return this.text; }
}
class Kind { constructor(value) { this.value = value; } append(part) { return new Kind(this.value ? `${this.value}.${part}` : part); } }
const record = (...names) => class { constructor(...args) { names.forEach((name, i) => { this[name] = args[i]; }); } };
class WorkspaceEdit { constructor() { this.files = new Map(); } set(uri, edits) { this.files.set(uri.toString(), edits); } }

const vscode = {
  Position, Range, Uri, WorkspaceEdit, CodeActionKind: {Empty: new Kind("")},
  Location: record("uri", "range"), MarkdownString: record("value"), Hover: record("contents", "range"),
  Diagnostic: record("range", "message", "severity"), DiagnosticRelatedInformation: record("location", "message"),
  CompletionItem: record("label", "kind"), CompletionList: record("items", "isIncomplete"),
  DocumentSymbol: record("name", "detail", "kind", "range", "selectionRange"),
  SymbolInformation: record("name", "kind", "containerName", "location"), CodeAction: record("title", "kind"),
  InlayHint: record("position", "label"), DocumentHighlight: record("range", "kind"),
  SemanticTokensLegend: record("types"), SemanticTokens: record("data"),
  TextEdit: {replace: (range, newText) => ({range, newText})},
  env: {language: "en"},
  window: {
    createOutputChannel: () => ({appendLine: (line) => messages.push(line), dispose() {}}),
    showErrorMessage: (text) => messages.push(text),
  },
  commands: {registerCommand: keep("command")},
  languages: {
    createDiagnosticCollection: () => ({
      set: (uri, found) => published.set(uri.toString(), found), clear: () => published.clear(), dispose() {}}),
    registerCompletionItemProvider: keep("completion"), registerHoverProvider: keep("hover"),
    registerDefinitionProvider: keep("definition"), registerReferenceProvider: keep("references"),
    registerDocumentHighlightProvider: keep("highlights"), registerRenameProvider: keep("rename"),
    registerDocumentSymbolProvider: keep("symbols"), registerWorkspaceSymbolProvider: keep("workspace"),
    registerDocumentFormattingEditProvider: keep("formatting"), registerCodeActionsProvider: keep("actions"),
    registerDocumentSemanticTokensProvider: keep("tokens"), registerInlayHintsProvider: keep("hints"),
  },
  workspace: {
    workspaceFolders: [{uri: new Uri(url.pathToFileURL(folder).href), name: "project"}], textDocuments: [],
    getConfiguration: () => ({get: (name) => (name === "command" ? command : "")}),
    createFileSystemWatcher: () => ({onDidCreate: on("created"), onDidChange: on("written"), onDidDelete: on("deleted"),
      dispose() {}}),
    onDidOpenTextDocument: on("open"), onDidChangeTextDocument: on("change"), onDidCloseTextDocument: on("close"),
    onDidSaveTextDocument: on("save"), onDidChangeConfiguration: on("settings"),
  },
};

const load = Module._load;
Module._load = (name, ...rest) => (name === "vscode" ? vscode : load(name, ...rest));

const token = {onCancellationRequested() {}};
const file = path.join(folder, "cxmetrics.yaml");
const uri = new Uri(url.pathToFileURL(file).href);
let text = fs.readFileSync(file, "utf8");
const document = {uri, languageId: "yaml", version: 1, getText: () => text};
const place = (wanted, into = 0) => {
  const offset = text.indexOf(wanted) + into;
  const line = text.slice(0, offset).split("\n").length - 1;
  return new Position(line, offset - (text.lastIndexOf("\n", offset - 1) + 1));
};
const until = async (test) => {
  for (let i = 0; i < 400; i++) {
    if (test()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nothing came of ${test}: ${messages.join("; ")}`);
};
const codes = () => (published.get(uri.toString()) || []).map((one) => one.code).join();

async function scene() {
  const {activate, deactivate} = require(extension);
  vscode.workspace.textDocuments.push(document);
  await activate({subscriptions: []});
  const told = {};
  await until(() => published.has(uri.toString()) || messages.length);
  told.clean = codes();
  const start = place("share(");
  document.version = 2;
  text = text.replace("share(", "shar(");
  listeners.change({document, contentChanges: [
    {range: new Range(start, new Position(start.line, start.character + 5)), text: "shar"}]});
  await until(() => codes() === "CX204");
  told.found = published.get(uri.toString())[0];
  const spot = place("shar(", 1);
  told.actions = await providers.actions[1].provideCodeActions(document, new Range(spot, spot), {}, token);
  told.completion = (await providers.completion[1].provideCompletionItems(document, place("speed}", 3), token)).items;
  told.hover = await providers.hover[1].provideHover(document, place("speed:", 2), token);
  told.definition = await providers.definition[1].provideDefinition(document, place("speed}", 2), token);
  told.references = await providers.references[1].provideReferences(
    document, place("speed}", 2), {includeDeclaration: true}, token);
  told.symbols = await providers.symbols[1].provideDocumentSymbols(document, token);
  told.workspace = await providers.workspace[0].provideWorkspaceSymbols("spe", token);
  told.highlights = await providers.highlights[1].provideDocumentHighlights(document, place("speed}", 2), token);
  told.hints = await providers.hints[1].provideInlayHints(document, new Range(place("project"), place("never", 5)), token);
  told.tokens = (await providers.tokens[1].provideDocumentSemanticTokens(document, token)).data.length;
  told.formatting = await providers.formatting[1].provideDocumentFormattingEdits(document, {}, token);
  told.renamed = [...(await providers.rename[1].provideRenameEdits(document, place("speed}", 2), "pace", token)).files];
  told.refused = await providers.rename[1].provideRenameEdits(document, place("speed}", 2), "a b", token)
    .catch((error) => error.message);
  told.nothing = await providers.rename[1].prepareRename(document, place("project"), token).catch((error) => error.message);
  await deactivate();
  told.messages = messages;
  process.stdout.write(JSON.stringify(told));
}

async function nobody() {
  const {activate} = require(extension);
  await activate({subscriptions: []});
  await until(() => messages.length);
  process.stdout.write(JSON.stringify({messages}));
}

(command.includes("no-such") ? nobody() : scene()).then(() => process.exit(0), (error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
