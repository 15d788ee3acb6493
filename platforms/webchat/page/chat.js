// The conversation as a person sees it. What comes and goes is `line.js`.

import { Line, random } from "./line.js";
import { make, plain, shownPart } from "./parts.js";
import { language, translate, words } from "./words.js";

const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MOST_SHOWN = 1000; // messages: a page may stay open for months
const REACTIONS = ["👍", "❤️", "😂", "🎉"];

const $ = (id) => document.getElementById(id);
const log = $("log"), scroller = $("scroller"), text = $("text");
const clock = new Intl.DateTimeFormat(language, { timeStyle: "short" });
const day = new Intl.DateTimeFormat(language, { dateStyle: "full" });
const moment_ = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const title = document.title;

const messages = new Map(); // id → {id, by, body, element, reactions}
const uploading = new Set(); // deeds whose file is not at the host yet
let uploads = Promise.resolve();
let about = null; // what is being answered or edited
let shownDay = day.format(new Date()); // of what is settled; today needs no heading

// --- one message ---------------------------------------------------------------------

function render(message) {
  const { element, body, by } = message;
  const focused = element.contains(document.activeElement);
  const bubble = make("div", `bubble${message.deleted ? " empty" : ""}`);
  if (message.reply && messages.has(message.reply)) bubble.append(make("blockquote", "", plain(messages.get(message.reply)).slice(0, 120)));
  if (message.deleted) bubble.append(make("p", "gone", words.deleted));
  else for (const part of body) bubble.append(shownPart(part, keepAtEnd));
  const foot = make("footer");
  if (message.at) {
    const at = make("time", "", clock.format(message.at));
    at.dateTime = message.at.toISOString();
    at.title = moment_.format(message.at);
    foot.append(at);
  } else foot.append(make("span", "sending", message.uploads ? words.uploading : words.sending));
  if (message.edited && !message.deleted) foot.append(make("span", "", words.edited));
  if (message.at && !message.deleted) foot.append(menuButton(message));
  const signs = make("p", "signs");
  const counts = new Map();
  for (const sign of message.reactions) counts.set(sign.slice(sign.indexOf(" ") + 1), (counts.get(sign.slice(sign.indexOf(" ") + 1)) || 0) + 1);
  for (const [emoji, count] of counts) {
    const sign = make("button", "sign", count > 1 ? `${emoji} ${count}` : emoji);
    sign.type = "button";
    sign.setAttribute("aria-pressed", message.reactions.has(`me ${emoji}`));
    sign.onclick = () => react(message, emoji);
    signs.append(sign);
  }
  element.className = `message ${by}${message.at ? "" : " pending"}${message.edited ? " edited" : ""}`;
  element.dataset.who = message.at ? `${by} ${clock.format(message.at)}` : "";
  element.setAttribute("aria-label", words[by === "me" ? "you" : "bot"]);
  element.replaceChildren(bubble, ...(counts.size ? [signs] : []), foot);
  if (focused) element.querySelector(".more")?.focus();
}

function react(message, emoji) {
  const remove = message.reactions.has(`me ${emoji}`);
  line.send({ op: "react", id: random(12), message: message.id, emoji, remove });
}

function closeMenus() {
  for (const menu of log.querySelectorAll(".menu")) menu.remove();
  for (const opener of log.querySelectorAll(".more")) opener.setAttribute("aria-expanded", "false");
}

function menuButton(message) {
  const button = make("button", "quiet more", "⋯");
  button.type = "button";
  button.setAttribute("aria-label", words.actions);
  button.setAttribute("aria-expanded", "false");
  button.onclick = () => {
    const open = message.element.querySelector(".menu");
    closeMenus();
    if (open) return;
    button.setAttribute("aria-expanded", "true");
    message.element.append(menuOf(message, button));
    const menu = message.element.querySelector(".menu");
    menu.querySelector("button").focus();
    menu.scrollIntoView({ block: "nearest" });
  };
  return button;
}

function menuOf(message, opener) {
  const menu = make("div", "menu");
  menu.setAttribute("role", "group");
  menu.setAttribute("aria-label", words.actions);
  menu.onkeydown = ({ key }) => { if (key === "Escape") { closeMenus(); opener.focus(); } };
  const offer = (label, act, name) => {
    const button = make("button", "quiet", label);
    button.type = "button";
    if (name) button.setAttribute("aria-label", name);
    button.onclick = () => { closeMenus(); opener.focus(); act(); };
    menu.append(button);
  };
  for (const emoji of REACTIONS) offer(emoji, () => react(message, emoji), words.react + emoji);
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
      settle(message.element, message.at);
      if (what.by === "bot" && document.hidden) document.title = `• ${title}`;
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
      settle(make("p", "note gap", words.forgotten));
  }
  $("empty").hidden = true;
  stay();
}

// Put it behind everything that is settled, before what still waits.
function settle(element, at) {
  const waiting = log.querySelector(".pending");
  const today = at ? day.format(at) : shownDay;
  if (today !== shownDay) log.insertBefore(make("p", "note day", today), waiting);
  shownDay = today;
  log.insertBefore(element, waiting);
  // One time will do for what is said in one go.
  const before = element.previousElementSibling;
  if (before?.dataset.who === element.dataset.who && element.dataset.who) before.dataset.goes = "on";
  while (messages.size > MOST_SHOWN) {
    const [oldest] = messages.values();
    oldest.element.remove();
    messages.delete(oldest.id);
  }
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
  const message = { id: deed.id, by: "me", body, reply: deed.reply, element: make("article"), reactions: new Set(), uploads: uploading.has(deed) };
  messages.set(deed.id, message);
  render(message);
  log.append(message.element);
  $("empty").hidden = true;
  scroller.scrollTop = scroller.scrollHeight;
}

function giveUp(deed, problem) {
  complain(problem);
  const message = messages.get(deed.id);
  if (deed.op !== "say" || !message || message.at) return;
  message.element.remove();
  messages.delete(deed.id);
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
  begin() {
    messages.clear();
    log.replaceChildren();
    for (const deed of [...line.waiting, ...uploading]) await_(deed);
  },
  answered(deed, { op, why }) {
    if (op === "refused") giveUp(deed, words.not_sent + why);
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
  const edges = text.offsetHeight - text.clientHeight;
  text.style.height = `${Math.min(text.scrollHeight + edges, innerHeight / 3)}px`;
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

// Files go up before their messages do, one after the other, so that those come in order.
function upload(file) {
  if (file.size > MAX_FILE_BYTES) return complain(words.too_large);
  const deed = { op: "say", id: random(12), body: [{ file: "", alt: file.name.slice(0, 200) }] };
  uploading.add(deed);
  await_(deed);
  uploads = uploads.then(() => goUp(file, deed));
}

// The line may be bad; the same file is the same, however often it goes up.
async function goUp(file, deed) {
  for (let wait = 1000; ; wait = Math.min(2 * wait, 15_000)) {
    const answer = await uploaded(file);
    if (answer.file) {
      deed.body[0].file = answer.file;
      uploading.delete(deed);
      Object.assign(messages.get(deed.id) || {}, { uploads: false });
      return line.send(deed);
    }
    if (answer.never) {
      uploading.delete(deed);
      return giveUp(deed, answer.never);
    }
    await new Promise((later) => setTimeout(later, wait));
  }
}

async function uploaded(file) {
  try {
    const answer = await fetch(`upload?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file, headers: line.headers() });
    if (answer.ok) return await answer.json();
    if (answer.status === 507) return { never: words.no_room };
    return [429, 500, 502, 503, 504].includes(answer.status) ? {} : { never: words.upload_failed };
  } catch {
    return {}; // the line was cut
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
document.onclick = ({ target }) => { if (!target.closest(".menu, .more")) closeMenus(); };
document.onvisibilitychange = () => { if (!document.hidden) document.title = title; };
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
