// What the page says, in the language of the browser.

const WORDS = {
  en: {
    conversation: "Conversation",
    message: "Message",
    send: "Send",
    attach: "Attach a file",
    empty: "Say something: somebody listens. /help lists what you can do.",
    forgotten: "What was said before is no longer kept.",
    newer: "New messages below",
    connecting: "Connecting…",
    open: "Connected",
    slow: "Connected, but slow to answer",
    waiting: "Offline, trying again. What you write is kept and sent then.",
    closed: "This chat is open in too many windows. Reload to go on here.",
    access_title: "This chat needs a password",
    access_label: "Password",
    access_go: "Enter",
    you: "You",
    bot: "Bot",
    sending: "sending",
    uploading: "uploading",
    file: "File",
    edited: "edited",
    deleted: "deleted",
    actions: "Actions for this message",
    reply: "Reply",
    edit: "Edit",
    delete: "Delete",
    cancel: "Cancel",
    replying: "Reply to: ",
    editing: "Change what you said",
    react: "React with ",
    too_large: "A file may have 4 MiB at most.",
    not_sent: "This was not taken: ",
    unfit: "the host cannot read it.",
    upload_failed: "The file could not be uploaded. Try again.",
    no_room: "There is no room for files here now. Try again later.",
    file_gone: "no longer kept",
    picture: "Picture",
  },
  zh: {
    conversation: "对话",
    message: "消息",
    send: "发送",
    attach: "添加文件",
    empty: "说点什么吧，有人在听。/help 会列出你能做的事。",
    forgotten: "更早的消息已不再保留。",
    newer: "下面有新消息",
    connecting: "正在连接…",
    open: "已连接",
    slow: "已连接，但响应很慢",
    waiting: "已离线，正在重试。你写的内容会保留，连上后发送。",
    closed: "这个聊天打开的窗口太多了。重新加载即可在这里继续。",
    access_title: "进入这个聊天需要密码",
    access_label: "密码",
    access_go: "进入",
    you: "你",
    bot: "机器人",
    sending: "发送中",
    uploading: "上传中",
    file: "文件",
    edited: "已编辑",
    deleted: "已删除",
    actions: "对这条消息的操作",
    reply: "回复",
    edit: "编辑",
    delete: "删除",
    cancel: "取消",
    replying: "回复：",
    editing: "修改你说的话",
    react: "回应 ",
    too_large: "文件最大 4 MiB。",
    not_sent: "没有被接受：",
    unfit: "主机无法读取。",
    upload_failed: "文件上传失败，请重试。",
    no_room: "现在没有空间存放文件，请稍后再试。",
    file_gone: "已不再保留",
    picture: "图片",
  },
};

export const language = (navigator.languages || [navigator.language])
  .map((tag) => tag.slice(0, 2).toLowerCase())
  .find((tag) => tag in WORDS) || "en";

export const words = WORDS[language];

// Fill in everything in the page that names a word.
export function translate(root) {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const each of root.querySelectorAll("[data-text]")) each.textContent = words[each.dataset.text];
  for (const each of root.querySelectorAll("[data-label]")) each.setAttribute("aria-label", words[each.dataset.label]);
  for (const each of root.querySelectorAll("[data-placeholder]")) each.placeholder = words[each.dataset.placeholder];
}
