// The conversation as a person sees it. What comes and goes is `line.js`.

import { Line, random } from "./line.js";
import { language, translate, words } from "./words.js";

const MAX_FILE_BYTES = 4 * 1024 * 1024;
const REACTIONS = ["👍", "❤️", "😂", "🎉"];

const $ = (id) => document.getElementById(id);
const log = $("log"), scroller = $("scroller"), text = $("text");
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

const messages = new Map(); // id → {id, by, body, element, reactions}
let about = null; // what is being answered or edited

function make(tag, className, content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (content !== undefined) made.textContent = content;
  return made;
}

function plain(message) {
  return (message?.body || []).map((part) => part.text ?? part.name ?? part.alt ?? "").join(" ").trim();
}

// --- one message ---------------------------------------------------------------------

// Addresses become links; everything else stays text, whatever it looks like.
function linked(into, said) {
  let at = 0;
  for (const found of said.matchAll(/https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g)) {
    into.append(said.slice(at, found.index));
    const link = make("a", "", found[0]);
    link.href = found[0];
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    into.append(link);
    at = found.index + found[0].length;
  }
  into.append(said.slice(at));
}

function shownPart(part) {
  if (part.text !== undefined) {
    const said = make("p");
    linked(said, part.text);
    return said;
  }
  const kind = ["image", "audio", "video", "file"].find((each) => each in part);
  const source = `files/${part[kind]}`;
  if (kind === "image") {
    const link = make("a", "picture");
    link.href = source;
    link.target = "_blank";
    const image = make("img");
    image.src = source;
    image.alt = part.alt || words.picture;
    image.loading = "lazy";
    image.onload = keepAtEnd();
    image.onerror = () => link.replaceWith(make("p", "gone", `${image.alt}: ${words.file_gone}`));
    link.append(image);
    return link;
  }
  if (kind === "audio" || kind === "video") {
    const player = make(kind);
    player.src = source;
    player.controls = true;
    player.preload = "metadata";
    return player;
  }
  const link = make("a", "file", part.name || "file");
  link.href = source;
  link.download = part.name || "";
  return link;
}

function render(message) {
  const { element, body, by } = message;
  const bubble = make("div", "bubble");
  if (message.reply && messages.has(message.reply)) bubble.append(make("blockquote", "", plain(messages.get(message.reply)).slice(0, 120)));
  if (message.deleted) bubble.append(make("p", "gone", words.deleted));
  else for (const part of body) bubble.append(shownPart(part));
  const foot = make("footer");
  if (message.at) {
    const at = make("time", "", clock.format(message.at));
    at.dateTime = message.at.toISOString();
    at.title = day.format(message.at);
    foot.append(at);
  } else foot.append(make("span", "sending", words.sending));
  if (message.edited && !message.deleted) foot.append(make("span", "", words.edited));
  if (message.at && !message.deleted) foot.append(menuButton(message));
  const signs = make("p", "signs");
  const counts = new Map();
  for (const sign of message.reactions) counts.set(sign.slice(sign.indexOf(" ") + 1), (counts.get(sign.slice(sign.indexOf(" ") + 1)) || 0) + 1);
  for (const [emoji, count] of counts) signs.append(make("span", "sign", count > 1 ? `${emoji} ${count}` : emoji));
  element.className = `message ${by}${message.at ? "" : " pending"}`;
  element.setAttribute("aria-label", words[by === "me" ? "you" : "bot"]);
  element.replaceChildren(bubble, ...(counts.size ? [signs] : []), foot);
}

function menuButton(message) {
  const button = make("button", "quiet more", "⋯");
  button.type = "button";
  button.setAttribute("aria-label", words.actions);
  button.setAttribute("aria-expanded", "false");
  button.onclick = () => {
    const open = message.element.querySelector(".menu");
    for (const menu of log.querySelectorAll(".menu")) menu.remove();
    for (const other of log.querySelectorAll(".more")) other.setAttribute("aria-expanded", "false");
    if (open) return;
    button.setAttribute("aria-expanded", "true");
    message.element.append(menuOf(message, button));
    message.element.querySelector(".menu button").focus();
  };
  return button;
}

function menuOf(message, opener) {
  const menu = make("div", "menu");
  const close = () => { menu.remove(); opener.setAttribute("aria-expanded", "false"); };
  menu.setAttribute("role", "group");
  menu.setAttribute("aria-label", words.actions);
  menu.onkeydown = ({ key }) => { if (key === "Escape") { close(); opener.focus(); } };
  const offer = (label, act, name) => {
    const button = make("button", "quiet", label);
    button.type = "button";
    if (name) button.setAttribute("aria-label", name);
    button.onclick = () => { close(); act(); };
    menu.append(button);
  };
  for (const emoji of REACTIONS) {
    const remove = message.reactions.has(`me ${emoji}`);
    offer(emoji, () => line.send({ op: "react", id: random(12), message: message.id, emoji, remove }), words.react + emoji);
  }
  offer(words.reply, () => begin({ op: "say", message }));
  if (message.by === "me") {
    if (message.body.every((part) => part.text !== undefined)) offer(words.edit, () => begin({ op: "edit", message }));
    offer(words.delete, () => line.send({ op: "delete", id: random(12), message: message.id }));
  }
  return menu;
}

// --- what happens --------------------------------------------------------------------

function take({ at, what }) {
  const stay = keepAtEnd(what.by === "me");
  const known = messages.get(what.message);
  switch (what.kind) {
    case "message": {
      const message = messages.get(what.id) || { id: what.id, element: make("article") };
      Object.assign(message, { by: what.by, body: what.body, reply: what.reply, at: new Date(at * 1000), reactions: message.reactions || new Set() });
      messages.set(what.id, message);
      render(message);
      // Behind everything that is settled, before what still waits.
      log.insertBefore(message.element, log.querySelector(".pending"));
      break;
    }
    case "edit":
      if (known) { Object.assign(known, { body: what.body, edited: true }); render(known); }
      break;
    case "delete":
      if (known) { known.deleted = true; known.reactions.clear(); render(known); }
      break;
    case "react":
      if (known && !known.deleted) {
        known.reactions[what.remove ? "delete" : "add"](`${what.by} ${what.emoji}`);
        render(known);
      }
      break;
    case "gap": // what was said until here is not kept any more
      log.insertBefore(make("p", "note gap", words.forgotten), log.querySelector(".pending"));
  }
  $("empty").hidden = true;
  stay();
}

// Remember whether the end is in sight; afterwards, go there again or offer to.
function keepAtEnd(always) {
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  return () => {
    if (atEnd || always === true) scroller.scrollTop = scroller.scrollHeight;
    else $("newer").hidden = false;
  };
}

// What was written and is on its way: shown at once, and as such.
function await_(deed) {
  if (deed.op !== "say" || messages.has(deed.id)) return;
  const body = deed.body.map((part) => (part.file ? { text: `📎 ${part.alt || ""}` } : part));
  const message = { id: deed.id, by: "me", body, reply: deed.reply, element: make("article"), reactions: new Set() };
  messages.set(deed.id, message);
  render(message);
  log.append(message.element);
  $("empty").hidden = true;
  scroller.scrollTop = scroller.scrollHeight;
}

function complain(problem) {
  $("problem").textContent = problem;
  clearTimeout(complain.timer);
  complain.timer = setTimeout(() => { $("problem").textContent = ""; }, 8000);
}

const line = new Line({
  state(name) {
    document.body.dataset.state = name;
    $("state-text").textContent = words[name] || "";
    if (name === "access") { $("access").showModal(); $("access-token").focus(); } else if ($("access").open) $("access").close();
  },
  event: take,
  begin() { messages.clear(); log.replaceChildren(); line.waiting.forEach(await_); },
  answered(deed, { op, why }) {
    if (op !== "refused") return;
    complain(words.not_sent + why);
    const message = messages.get(deed.id);
    if (deed.op === "say" && message && !message.at) { message.element.remove(); messages.delete(deed.id); }
  },
});

// --- writing -------------------------------------------------------------------------

function begin(what) {
  about = what;
  $("about").hidden = !what;
  if (what) $("about-text").textContent = what.op === "edit" ? words.editing : words.replying + plain(what.message).slice(0, 80);
  if (what?.op === "edit") text.value = plain(what.message);
  grow();
  text.focus();
}

function grow() {
  text.style.height = "auto"; // set by script: a strict policy forbids it in the page only
  text.style.height = `${Math.min(text.scrollHeight, innerHeight / 3)}px`;
}

function submit() {
  const said = text.value.trim();
  if (!said) return;
  const id = random(12);
  if (about?.op === "edit") line.send({ op: "edit", id, message: about.message.id, text: said });
  else {
    const deed = { op: "say", id, body: [{ text: said }], ...(about ? { reply: about.message.id } : {}) };
    await_(deed);
    line.send(deed);
  }
  text.value = "";
  begin(null);
}

async function upload(file) {
  if (file.size > MAX_FILE_BYTES) return complain(words.too_large);
  try {
    const answer = await fetch(`upload?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file, headers: line.headers() });
    if (!answer.ok) throw new Error(answer.statusText);
    const deed = { op: "say", id: random(12), body: [{ file: (await answer.json()).file, alt: file.name.slice(0, 200) }] };
    await_(deed);
    line.send(deed);
  } catch {
    complain(words.upload_failed);
  }
}

$("form").onsubmit = (event) => { event.preventDefault(); submit(); };
text.onkeydown = (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); submit(); }
  if (event.key === "Escape" && about) begin(null);
};
text.oninput = grow;
text.onpaste = ({ clipboardData }) => { for (const file of clipboardData.files) upload(file); };
$("about-cancel").onclick = () => { if (about?.op === "edit") text.value = ""; begin(null); };
$("attach").onclick = () => $("file").click();
$("file").onchange = ({ target }) => { for (const file of target.files) upload(file); target.value = ""; };
$("newer").onclick = () => { scroller.scrollTop = scroller.scrollHeight; };
scroller.onscroll = () => { if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80) $("newer").hidden = true; };
scroller.ondragover = (event) => event.preventDefault();
scroller.ondrop = (event) => { event.preventDefault(); for (const file of event.dataTransfer.files) upload(file); };
$("access-go").onclick = () => line.enter($("access-token").value);
$("access-token").onkeydown = ({ key }) => { if (key === "Enter") line.enter($("access-token").value); };
$("access").oncancel = (event) => event.preventDefault();

translate(document);
line.waiting.forEach(await_);
const shown = new URLSearchParams(location.hash.slice(1)).get("access");
if (shown !== null) {
  history.replaceState(null, "", location.pathname); // it must not stay in the address
  line.enter(shown);
} else line.connect();
