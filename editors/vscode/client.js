// The other end of `cxmetrics lsp`: its process, and JSON-RPC over the process's standard input and output.
"use strict";

const {spawn} = require("node:child_process");
const os = require("node:os");

const END_OF_HEADER = Buffer.from("\r\n\r\n");
const FEW = 5; // restarts after which it is left alone

class Client {
  /** `heard`: what is called with the method and the parameters of each notification. */
  constructor(command, heard, ended) {
    this.heard = heard;
    this.waiting = new Map();
    this.number = 0;
    this.buffer = Buffer.alloc(0);
    this.over = false;
    this.process = spawn(command, ["lsp"], {cwd: os.homedir(), stdio: ["pipe", "pipe", "pipe"], windowsHide: true});
    this.process.stdout.on("data", (chunk) => this.take(chunk));
    this.process.stderr.on("data", (chunk) => heard("stderr", {message: String(chunk)}));
    this.process.stdin.on("error", () => {}); // it has ended, which is told below
    this.process.on("error", (error) => this.end(ended, error));
    this.process.on("exit", (status) => this.end(ended, status));
  }

  end(ended, reason) {
    if (this.over) return;
    this.over = true;
    for (const {reject} of this.waiting.values()) reject(new Error("the language server has ended"));
    this.waiting.clear();
    ended(reason);
  }

  take(chunk) {
    this.buffer = Buffer.concat([this.buffer, chunk]);
    for (;;) {
      const header = this.buffer.indexOf(END_OF_HEADER);
      if (header < 0) return;
      const length = /content-length:\s*(\d+)/i.exec(this.buffer.toString("ascii", 0, header));
      const start = header + END_OF_HEADER.length;
      const end = start + Number(length ? length[1] : 0);
      if (this.buffer.length < end) return;
      const content = this.buffer.toString("utf8", start, end);
      this.buffer = this.buffer.subarray(end);
      this.answer(JSON.parse(content));
    }
  }

  answer(message) {
    if (message.method !== undefined) {
      this.heard(message.method, message.params);
      return;
    }
    const asked = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (asked === undefined) return;
    if (message.error === undefined) asked.resolve(message.result);
    else asked.reject(Object.assign(new Error(message.error.message), {code: message.error.code}));
  }

  send(message) {
    if (this.over) return;
    const content = Buffer.from(JSON.stringify({jsonrpc: "2.0", ...message}), "utf8");
    this.process.stdin.write(Buffer.concat([Buffer.from(`Content-Length: ${content.length}\r\n\r\n`), content]));
  }

  notify(method, params) {
    this.send({method, params});
  }

  /** Ask; `token`, if given, takes the question back. */
  ask(method, params, token) {
    if (this.over) return Promise.reject(new Error("the language server has ended"));
    const id = ++this.number;
    const answer = new Promise((resolve, reject) => this.waiting.set(id, {resolve, reject}));
    this.send({id, method, params});
    if (token !== undefined) token.onCancellationRequested(() => this.notify("$/cancelRequest", {id}));
    return answer;
  }

  /** Take leave as the protocol asks; after a while without. */
  async leave() {
    if (this.over) return;
    const gone = new Promise((resolve) => this.process.once("exit", resolve));
    const late = setTimeout(() => this.process.kill(), 2000);
    await this.ask("shutdown").catch(() => {});
    this.notify("exit");
    await gone;
    clearTimeout(late);
  }
}

module.exports = {Client, FEW};
