// What the language server says, as the editor takes it.  Everything it knows is asked of the server.
"use strict";

const vscode = require("vscode");
const {Client, FEW} = require("./client.js");

const WHERE = {language: "yaml", scheme: "file"};
const CANCELLED = -32800;
const REFUSED = -32803;
let client;
let findings;
let output;
let restarts = 0;
let registered = [];

const position = (place) => new vscode.Position(place.line, place.character);
const range = (place) => new vscode.Range(position(place.start), position(place.end));
const placed = (place) => ({line: place.line, character: place.character});
const ranged = (place) => ({start: placed(place.start), end: placed(place.end)});
const location = (place) => new vscode.Location(vscode.Uri.parse(place.uri), range(place.range));
const markdown = (text) => new vscode.MarkdownString(text);
const named = (document) => ({uri: document.uri.toString()});
const at = (document, place) => ({textDocument: named(document), position: placed(place)});
const ours = (document) => document.languageId === WHERE.language && document.uri.scheme === WHERE.scheme;

/** An answer of the server, made into what the editor takes; nothing where there is none. */
async function asked(method, params, token, made) {
  try {
    const answer = await client.ask(method, params, token);
    return answer === null ? undefined : made(answer);
  } catch (error) {
    if (error.code === REFUSED) throw error; // the editor shows why
    if (error.code !== CANCELLED) output.appendLine(`${method}: ${error.message}`);
    return undefined;
  }
}

function finding(one) {
  const made = new vscode.Diagnostic(range(one.range), one.message, one.severity - 1);
  made.code = one.code;
  made.source = one.source;
  made.relatedInformation = (one.relatedInformation || []).map(
    (part) => new vscode.DiagnosticRelatedInformation(location(part.location), part.message));
  return made;
}

function edits(changes) {
  const made = new vscode.WorkspaceEdit();
  for (const [uri, several] of Object.entries(changes)) {
    made.set(vscode.Uri.parse(uri), several.map((one) => vscode.TextEdit.replace(range(one.range), one.newText)));
  }
  return made;
}

function item(one) {
  const made = new vscode.CompletionItem(one.label, one.kind - 1);
  made.detail = one.detail;
  made.documentation = one.documentation && markdown(one.documentation.value);
  made.sortText = one.sortText;
  made.filterText = one.filterText;
  made.range = range(one.textEdit.range);
  made.insertText = one.textEdit.newText;
  return made;
}

function symbol(one) {
  const made = new vscode.DocumentSymbol(one.name, one.detail || "", one.kind - 1, range(one.range),
    range(one.selectionRange));
  made.children = (one.children || []).map(symbol);
  return made;
}

function action(one) {
  const made = new vscode.CodeAction(one.title, vscode.CodeActionKind.Empty.append(one.kind));
  made.edit = edits(one.edit.changes);
  made.isPreferred = one.isPreferred;
  made.diagnostics = (one.diagnostics || []).map(finding);
  return made;
}

function hint(one) {
  const made = new vscode.InlayHint(position(one.position), one.label);
  made.tooltip = one.tooltip;
  made.paddingLeft = one.paddingLeft;
  return made;
}

function providers(offers) {
  const languages = vscode.languages;
  const legend = new vscode.SemanticTokensLegend(offers.semanticTokensProvider.legend.tokenTypes);
  return [
    languages.registerCompletionItemProvider(WHERE, {
      provideCompletionItems: (document, place, token) => asked("textDocument/completion", at(document, place), token,
        (list) => new vscode.CompletionList(list.items.map(item), list.isIncomplete)),
    }, ...offers.completionProvider.triggerCharacters),
    languages.registerHoverProvider(WHERE, {
      provideHover: (document, place, token) => asked("textDocument/hover", at(document, place), token,
        (told) => new vscode.Hover(markdown(told.contents.value), range(told.range))),
    }),
    languages.registerDefinitionProvider(WHERE, {
      provideDefinition: (document, place, token) => asked("textDocument/definition", at(document, place), token,
        (places) => places.map(location)),
    }),
    languages.registerReferenceProvider(WHERE, {
      provideReferences: (document, place, context, token) => asked("textDocument/references",
        {...at(document, place), context}, token, (places) => places.map(location)),
    }),
    languages.registerDocumentHighlightProvider(WHERE, {
      provideDocumentHighlights: (document, place, token) => asked("textDocument/documentHighlight",
        at(document, place), token,
        (all) => all.map((one) => new vscode.DocumentHighlight(range(one.range), one.kind - 1))),
    }),
    languages.registerRenameProvider(WHERE, {
      prepareRename: async (document, place, token) => {
        const told = await asked("textDocument/prepareRename", at(document, place), token,
          (one) => ({range: range(one.range), placeholder: one.placeholder}));
        if (told === undefined) throw new Error("There is nothing to rename here.");
        return told;
      },
      provideRenameEdits: (document, place, newName, token) => asked("textDocument/rename",
        {...at(document, place), newName}, token, (edit) => edits(edit.changes)),
    }),
    languages.registerDocumentSymbolProvider(WHERE, {
      provideDocumentSymbols: (document, token) => asked("textDocument/documentSymbol",
        {textDocument: named(document)}, token, (all) => all.map(symbol)),
    }),
    languages.registerWorkspaceSymbolProvider({
      provideWorkspaceSymbols: (query, token) => asked("workspace/symbol", {query}, token, (all) => all.map(
        (one) => new vscode.SymbolInformation(one.name, one.kind - 1, one.containerName, location(one.location)))),
    }),
    languages.registerDocumentFormattingEditProvider(WHERE, {
      provideDocumentFormattingEdits: (document, options, token) => asked("textDocument/formatting",
        {textDocument: named(document), options}, token,
        (all) => all.map((one) => vscode.TextEdit.replace(range(one.range), one.newText))),
    }),
    languages.registerCodeActionsProvider(WHERE, {
      provideCodeActions: (document, place, context, token) => asked("textDocument/codeAction",
        {textDocument: named(document), range: ranged(place),
          context: {diagnostics: [], ...(context.only ? {only: [context.only.value]} : {})}},
        token, (all) => all.map(action)),
    }, {providedCodeActionKinds: offers.codeActionProvider.codeActionKinds.map(
      (kind) => vscode.CodeActionKind.Empty.append(kind))}),
    languages.registerDocumentSemanticTokensProvider(WHERE, {
      provideDocumentSemanticTokens: (document, token) => asked("textDocument/semanticTokens/full",
        {textDocument: named(document)}, token, (told) => new vscode.SemanticTokens(Uint32Array.from(told.data))),
    }, legend),
    languages.registerInlayHintsProvider(WHERE, {
      provideInlayHints: (document, place, token) => asked("textDocument/inlayHint",
        {textDocument: named(document), range: ranged(place)}, token, (all) => all.map(hint)),
    }),
  ];
}

function opened(document) {
  if (ours(document)) {
    client.notify("textDocument/didOpen", {textDocument: {
      ...named(document), languageId: document.languageId, version: document.version, text: document.getText()}});
  }
}

function changed({document, contentChanges}) {
  if (ours(document) && contentChanges.length > 0) {
    client.notify("textDocument/didChange", {
      textDocument: {...named(document), version: document.version},
      contentChanges: contentChanges.map((one) => ({range: ranged(one.range), text: one.text}))});
  }
}

function heard(method, params) {
  if (method === "textDocument/publishDiagnostics") {
    findings.set(vscode.Uri.parse(params.uri), params.diagnostics.map(finding));
  } else if (params && params.message) {
    output.appendLine(params.message);
  }
}

async function start(context) {
  const settings = vscode.workspace.getConfiguration("cxmetrics");
  const command = settings.get("command");
  const mine = client = new Client(command, heard, (reason) => ended(context, mine, command, reason));
  const told = await mine.ask("initialize", {
    processId: process.pid, capabilities: {}, locale: settings.get("language") || vscode.env.language,
    workspaceFolders: (vscode.workspace.workspaceFolders || []).map(
      (folder) => ({uri: folder.uri.toString(), name: folder.name})),
  }).catch(() => undefined);
  if (told === undefined || mine !== client) return;
  mine.notify("initialized", {});
  registered = providers(told.capabilities);
  vscode.workspace.textDocuments.forEach(opened);
}

function forget() {
  registered.forEach((one) => one.dispose());
  registered = [];
  findings.clear();
}

function ended(context, which, command, reason) {
  if (which !== client) return; // it was sent away
  forget();
  if (reason && reason.code === "ENOENT") {
    vscode.window.showErrorMessage(
      `The command ${command} was not found. Install cxmetrics, or say where it is: setting cxmetrics.command.`);
  } else if (++restarts <= FEW) {
    start(context);
  } else {
    vscode.window.showErrorMessage("The language server of cxmetrics has ended several times and is left alone now.");
  }
}

async function restart(context) {
  const old = client;
  client = undefined;
  forget();
  if (old !== undefined) await old.leave();
  await start(context);
}

async function activate(context) {
  output = vscode.window.createOutputChannel("cxmetrics");
  findings = vscode.languages.createDiagnosticCollection("cxmetrics");
  const watcher = vscode.workspace.createFileSystemWatcher("**/*.{yaml,yml,csv}");
  const written = (type) => (uri) => client && client.notify(
    "workspace/didChangeWatchedFiles", {changes: [{uri: uri.toString(), type}]});
  const whenThere = (act) => (what) => client && act(what);
  context.subscriptions.push(
    output, findings, watcher, watcher.onDidCreate(written(1)), watcher.onDidChange(written(2)),
    watcher.onDidDelete(written(3)),
    vscode.workspace.onDidOpenTextDocument(whenThere(opened)),
    vscode.workspace.onDidChangeTextDocument(whenThere(changed)),
    vscode.workspace.onDidCloseTextDocument(whenThere((document) => ours(document)
      && client.notify("textDocument/didClose", {textDocument: named(document)}))),
    vscode.workspace.onDidSaveTextDocument(whenThere((document) => ours(document)
      && client.notify("textDocument/didSave", {textDocument: named(document)}))),
    vscode.workspace.onDidChangeConfiguration(
      (event) => event.affectsConfiguration("cxmetrics") && restart(context)),
    vscode.commands.registerCommand("cxmetrics.restart", () => {
      restarts = 0;
      return restart(context);
    }));
  await start(context);
}

async function deactivate() {
  const old = client;
  client = undefined;
  if (old !== undefined) await old.leave();
}

module.exports = {activate, deactivate};
