// The parts of a message as elements. What somebody said stays text, whatever it looks like.

import { language, words } from "./words.js";

export function make(tag, className, content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (content !== undefined) made.textContent = content;
  return made;
}

export function plain(message) {
  return (message?.body || []).map((part) => part.text ?? part.name ?? part.alt ?? "").join(" ").trim();
}

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

function sized(bytes) {
  const [number, unit] = bytes < 1e6 ? [Math.ceil(bytes / 1e3), "kilobyte"] : [bytes / 1e6, "megabyte"];
  return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: 1 }).format(number);
}

// arrived: called now, returns what is to be called once a picture has its size.
export function shownPart(part, arrived) {
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
    image.onload = arrived();
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
  const link = make("a", "file", part.name || words.file);
  if (part.size) link.append(make("small", "", sized(part.size)));
  link.href = source;
  link.download = part.name || "";
  return link;
}
