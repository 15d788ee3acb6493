// The line to the host: it comes back by itself, goes on where it was, and loses nothing.
//
// What is to be sent lies in the browser's storage until the host has written it down, and
// is sent again under the same id until then. What the host tells is numbered; a number
// that was seen is not told again, and the next connection asks for those behind it.

import { words } from "./words.js";

const HERE = `rookery ${location.pathname}`;
const SILENT_MS = 50_000; // the host says something every 20 s
const SLOW_MS = 4_000; // without an answer: it is said in words
const DEAD_MS = 15_000; // then the line is taken for dead: nobody tells when a network has changed
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

const UNFIT = 4400, WRONG = 4401, CROWDED = 4408;

// Storage may be switched off; then what is kept lasts as long as the page.
const memory = new Map();
function load(key) {
  try { return localStorage.getItem(key) ?? memory.get(key) ?? null; } catch { return memory.get(key) ?? null; }
}
function save(key, value) {
  memory.set(key, value);
  try { localStorage.setItem(key, value); } catch { /* kept in memory */ }
}
function forget(key) {
  memory.delete(key);
  try { localStorage.removeItem(key); } catch { /* it was never there */ }
}
function keys() {
  let stored = [];
  try { stored = Object.keys(localStorage); } catch { /* none */ }
  return [...new Set([...stored, ...memory.keys()])];
}

// Half of an emoji is no text to the host: names and texts that were cut may end in one.
function whole(value) {
  return typeof value === "string" ? value.replace(/\p{Surrogate}/gu, "\ufffd") : value;
}

export function random(bytes) {
  const drawn = String.fromCharCode(...crypto.getRandomValues(new Uint8Array(bytes)));
  return btoa(drawn).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function person() {
  const known = load(`${HERE} token`);
  if (known) return known;
  const token = random(32);
  save(`${HERE} token`, token);
  return token;
}

export class Line {
  // tell: {state(name), event(frame), begin(), answered(deed, frame)}
  constructor(tell) {
    this.tell = tell;
    this.token = person();
    this.access = load(`${HERE} access`) || "";
    this.epoch = "";
    this.seen = 0;
    this.failures = 0;
    this.socketFailures = 0;
    this.inFlight = null;
    this.say = null; // how a deed gets to the host, while there is a line
    for (const name of ["online", "focus"]) addEventListener(name, () => this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
  }

  // Deeds that wait, the oldest first; those of other windows of this chat, too.
  get waiting() {
    return keys().filter((key) => key.startsWith(`${HERE} out `)).sort().map((key) => JSON.parse(load(key)));
  }

  send(deed) {
    const at = String(Date.now()).padStart(15, "0");
    save(`${HERE} out ${at} ${deed.id}`, JSON.stringify(deed, (_, value) => whole(value)));
    this.push();
  }

  enter(access) {
    this.access = access;
    save(`${HERE} access`, access);
    this.connect();
  }

  headers() {
    return { Authorization: `Bearer ${this.token}`, ...(this.access ? { "X-Access": encodeURIComponent(this.access) } : {}) };
  }

  // --- connecting -------------------------------------------------------------------

  connect() {
    clearTimeout(this.retry);
    this.retry = null;
    this.cut?.();
    this.tell.state("connecting");
    // Some networks let no WebSocket through; then HTTP alone will do.
    if (this.socketFailures < 2) this.connectSocket();
    else this.connectStream();
  }

  hurry() {
    if (this.retry) this.connect();
  }

  hello() {
    const { token, access, epoch, seen } = this;
    return JSON.stringify({ op: "hello", token, access, epoch, since: seen });
  }

  connectSocket() {
    const socket = new WebSocket(new URL("ws", location.href).href.replace(/^http/, "ws"));
    let alive = true;
    this.cut = () => { alive = false; socket.close(); };
    socket.onopen = () => socket.send(this.hello());
    socket.onmessage = ({ data }) => {
      if (!alive) return;
      const frame = JSON.parse(data);
      if (frame.op === "tick") socket.send('{"op":"tock"}');
      if (frame.op === "welcome") this.say = (deed) => socket.send(JSON.stringify(deed));
      this.hear(frame, (seq) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify({ op: "ack", seq })));
    };
    socket.onclose = ({ code }) => {
      if (!alive) return;
      alive = false;
      if (!this.say) this.socketFailures += 1;
      this.lost(code);
    };
  }

  async connectStream() {
    const cut = new AbortController();
    this.cut = () => cut.abort();
    let code = 0;
    try {
      const answer = await fetch("events", { method: "POST", body: this.hello(), signal: cut.signal });
      if (answer.status === 401) code = WRONG;
      if (answer.ok) {
        this.say = (deed) => this.post(deed);
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        for (let rest = "", got; !(got = await reader.read()).done;) {
          const lines = (rest + got.value).split("\n\n");
          rest = lines.pop();
          for (const line of lines) this.hear(JSON.parse(line.replace(/^data: /, "")), () => {});
        }
      }
    } catch { /* told below */ }
    if (cut.signal.aborted) return;
    this.socketFailures = 0; // the next one may get through
    this.lost(code);
  }

  async post(deed) {
    try {
      const answer = await fetch("say", { method: "POST", body: JSON.stringify(deed), headers: this.headers() });
      if (answer.ok) this.hear(await answer.json(), () => {});
      else if (answer.status === 400 || answer.status === 413) this.unfit();
      else throw new Error(answer.statusText);
    } catch {
      this.later(2000);
    }
  }

  lost(code) {
    clearTimeout(this.silence);
    this.say = null;
    if (code === UNFIT) this.unfit();
    this.landed();
    if (code === WRONG) return this.tell.state("access");
    if (code === CROWDED) return this.tell.state("closed");
    this.tell.state("waiting");
    this.failures += 1;
    const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.failures, 10));
    this.retry = setTimeout(() => this.connect(), most * (0.5 + Math.random() / 2));
  }

  // --- what is heard ----------------------------------------------------------------

  hear(frame, ack) {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => { this.cut?.(); this.lost(0); }, SILENT_MS);
    if (frame.op === "welcome") this.welcome(frame);
    else if (frame.op === "event") {
      if (frame.seq > this.seen) {
        this.seen = frame.seq;
        this.tell.event(frame);
      }
      ack(frame.seq);
    } else if (["kept", "refused", "later"].includes(frame.op)) this.answered(frame);
  }

  welcome({ epoch, last }) {
    this.failures = this.socketFailures = 0;
    if ((this.epoch && epoch !== this.epoch) || last < this.seen) {
      this.seen = 0; // what the host remembered is gone: begin anew
      this.tell.begin();
    }
    this.epoch = epoch;
    this.tell.state("open");
    this.push();
  }

  // --- what is said -----------------------------------------------------------------

  push() {
    if (!this.say || this.inFlight) return;
    const [deed] = this.waiting;
    if (!deed) return;
    this.inFlight = deed;
    this.slow = setTimeout(() => this.tell.state("slow"), SLOW_MS);
    this.dead = setTimeout(() => { this.cut(); this.lost(0); }, DEAD_MS);
    this.say(deed);
  }

  // Whatever was in flight, it is not any more.
  landed() {
    clearTimeout(this.slow);
    clearTimeout(this.dead);
    this.inFlight = null;
  }

  answered(frame) {
    const deed = this.inFlight;
    if (!deed || deed.id !== frame.id) return;
    if (frame.op === "later") return this.later(frame.seconds * 1000);
    for (const key of keys()) if (key.startsWith(`${HERE} out `) && key.endsWith(` ${deed.id}`)) forget(key);
    this.landed();
    if (this.say) this.tell.state("open");
    this.tell.answered(deed, frame);
    this.push();
  }

  // What the host can never read must not hold up what was written after it.
  unfit() {
    if (this.inFlight) this.answered({ op: "refused", id: this.inFlight.id, why: words.unfit });
  }

  later(ms) {
    const deed = this.inFlight;
    clearTimeout(this.slow);
    clearTimeout(this.dead);
    setTimeout(() => {
      if (this.inFlight !== deed) return;
      this.inFlight = null;
      this.push();
    }, ms);
  }
}
