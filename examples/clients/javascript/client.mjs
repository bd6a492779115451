// Asks `sky serve --stdio` about one pupil, prints the next step, and shows an error. Node 18 or newer, nothing to install.
//
// Rules: one process for many requests; one line out, one line in; answers come in the order of the requests.

import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

export class Sky {
  #sky;
  #waiting = [];
  #ended; // why, once it has

  constructor([program, ...args] = ["sky", "serve", "--stdio"]) {
    this.#sky = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#sky.on("error", (e) => this.#end(e));
    this.#sky.on("close", () => this.#end(new Error("sky has ended; what it said stands on standard error")));
    this.#sky.stdin.on("error", (e) => this.#end(e));
    createInterface({ input: this.#sky.stdout, crlfDelay: Infinity }).on("line", (line) => this.#waiting.shift()?.done(JSON.parse(line)));
  }

  /** The answer to one request, both as objects. Many may be on the way at once. */
  ask(request) {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((done, failed) => {
      this.#waiting.push({ done, failed });
      this.#sky.stdin.write(JSON.stringify(request) + "\n");
    });
  }

  /** The end of the requests ends the process. */
  close() {
    this.#sky.stdin.end();
  }

  #end(error) {
    this.#ended ??= error;
    for (const { failed } of this.#waiting.splice(0)) failed(error);
  }
}

// What follows runs only as a program of its own: `import { Sky } from "./client.mjs"` starts nothing.
if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) await main(process.argv.slice(2));

async function main(command) {
  const sky = new Sky(command.length ? command : undefined);
  const events = [
    { type: "enrolment", school: "s-3", grade: 8, on: "2026-08-12", calendar: "example-week-43/2026-27" },
    { type: "mark", id: "m1", on: "2026-09-14", lessons: 6, kind: "unauthorised" },
    { type: "mark", id: "m2", on: "2026-09-21", lessons: 6, kind: "health" },
  ];
  const record = { format: 1, pupil: "p-17", feed: { data_until: "2026-09-30" }, events };
  const wrong = { ...record, events: [...events.slice(0, 2), { ...events[2], on: "2026-09-31" }] };
  for (const [id, each] of [record, wrong].entries()) {
    const answer = await sky.ask({ format: 1, id, request: "decide", on: "2026-10-01", record: each });
    if (answer.error) {
      console.log(`not decided: ${answer.error.message} [${answer.error.code}, ${answer.error.place}]`);
    } else {
      const next = answer.decide.next;
      console.log(next ? `next: ${next.summary} (${next.role})` : "next: nothing is asked");
    }
  }
  sky.close();
}
