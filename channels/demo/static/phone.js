"use strict";

const RETRY_MS = 1000;
const SILENCE_MS = 15000; // the server writes at least every two seconds
const TYPING_MS = 600;

const byId = (id) => document.getElementById(id);
const from = byId("from");
const text = byId("text");
const { lang, offline } = document.body.dataset;

let watched = null; // the number that is shown, as it was typed
let watching = new AbortController();
let typing = 0;

function post(path, body, signal) {
  return fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ lang, ...body }),
    signal,
  });
}

function complain(field, error) {
  byId("error").textContent = error;
  from.setAttribute("aria-invalid", field === "from");
  text.setAttribute("aria-invalid", field === "text");
}

async function complainOf(response) {
  const { field, error } = await response.json();
  complain(field, error);
}

function toEnd() {
  byId("empty").hidden = byId("messages").childElementCount > 0;
  const screen = byId("screen");
  screen.scrollTop = screen.scrollHeight;
}

// Marks the rows that are new or differ from what was shown before.
function replacePanel(panel, html) {
  const rows = () => panel.querySelectorAll("[data-key]");
  const before = new Map([...rows()].map((row) => [row.dataset.key, row.textContent]));
  const first = panel.childElementCount === 0;
  panel.innerHTML = html;
  if (first) return;
  for (const row of rows()) {
    row.classList.toggle("changed", before.get(row.dataset.key) !== row.textContent);
  }
  if (panel.querySelector(".changed")) panel.scrollTop = 0;
}

const show = {
  messages({ html }) {
    byId("messages").innerHTML = html;
    toEnd();
  },
  message({ id, html }) {
    const known = byId(id);
    if (known) known.outerHTML = html;
    else byId("messages").insertAdjacentHTML("beforeend", html);
    toEnd();
  },
  registry: ({ html }) => replacePanel(byId("registry"), html),
  ledger: ({ html }) => replacePanel(byId("ledger"), html),
  note({ html }) {
    byId("note").textContent = html;
  },
};

// Shows one stream until it ends. False when the server refuses the number.
async function follow(number, signal) {
  const response = await post("/watch", { from: number }, signal);
  if (!response.ok) {
    await complainOf(response);
    return response.status !== 400;
  }
  complain("", "");
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let rest = "";
  for (;;) {
    const silent = setTimeout(() => reader.cancel(), SILENCE_MS);
    const { done, value } = await reader.read();
    clearTimeout(silent);
    if (done || signal.aborted) return true;
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop();
    for (const line of lines.filter(Boolean)) {
      const event = JSON.parse(line);
      show[event.part](event);
    }
  }
}

async function watch() {
  if (watched === from.value) return;
  watched = from.value;
  sessionStorage.setItem("from", watched);
  watching.abort();
  watching = new AbortController();
  const { signal } = watching;
  for (const id of ["messages", "registry", "ledger"]) byId(id).replaceChildren();
  toEnd();
  while (!signal.aborted) {
    try {
      if (!(await follow(from.value, signal))) return;
    } catch (error) {
      if (signal.aborted) return;
      byId("note").textContent = offline;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function send() {
  watch();
  const body = { from: from.value, text: text.value };
  text.value = "";
  text.focus();
  try {
    const response = await post("/send", body);
    if (response.ok) return complain("", "");
    await complainOf(response);
  } catch (error) {
    complain("", offline);
  }
  if (!text.value) text.value = body.text;
}

byId("phone").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
for (const chip of document.querySelectorAll("[data-text]")) {
  chip.addEventListener("click", () => {
    text.value = chip.dataset.text;
    text.focus();
  });
}
from.addEventListener("change", watch);
from.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(watch, TYPING_MS);
});

from.value = sessionStorage.getItem("from") || from.value;
watch();
