"use strict";
// The chat page. It talks to the server it came from and to nobody else; text is only ever set as text.

const $ = (id) => document.getElementById(id);
let messages = []; // "New chat" begins another list: an answer that is still under way ends with the old one
let running = null; // the AbortController of the answer that is being written

// Behind the # the key never leaves the browser; from there it goes into this tab's memory.
let key = "";
const given = new URLSearchParams(location.hash.slice(1)).get("key");
if (given) {
  sessionStorage.setItem("key", given);
  history.replaceState(null, "", location.pathname);
}
key = sessionStorage.getItem("key") || "";

function headers() {
  const own = { "Content-Type": "application/json" };
  if (key) own.Authorization = `Bearer ${key}`;
  return own;
}

async function loadModels() {
  const response = await fetch("/v1/models", { headers: headers() });
  if (response.status === 401) return askKey();
  if (!response.ok) return say(`The server answered with status ${response.status}.`);
  const { data } = await response.json();
  $("model").replaceChildren(...data.map(({ id }) => new Option(id, id)));
  $("message").focus();
}

function askKey() {
  $("key").value = "";
  $("key-dialog").showModal();
}

$("key-form").addEventListener("submit", () => {
  key = $("key").value.trim();
  sessionStorage.setItem("key", key);
  loadModels().catch(failed);
});

function say(text) { $("status").textContent = text; }
function failed() { say("The server can't be reached."); }

function emergency(text) {
  if (!text) return;
  $("banner-text").textContent = text;
  $("banner").hidden = false;
}

function show(role, text) {
  $("empty").hidden = true;
  const article = document.createElement("article");
  article.className = role;
  const head = document.createElement("h2");
  head.textContent = role === "user" ? "You" : $("model").value;
  const body = document.createElement("p");
  body.className = "text";
  body.textContent = text;
  article.append(head, body);
  $("conversation").append(article);
  follow();
  return article;
}

function isAtEnd() {
  const view = $("conversation");
  return view.scrollHeight - view.scrollTop - view.clientHeight < 48;
}

function follow() {
  const view = $("conversation");
  view.scrollTop = view.scrollHeight;
}

function addCopy(article) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy this answer");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(article.querySelector(".text").textContent);
      say("Copied.");
    } catch {
      const range = document.createRange();
      range.selectNodeContents(article.querySelector(".text"));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      say("Selected: press Ctrl+C to copy.");
    }
  });
  const reading = isAtEnd();
  article.append(button);
  if (reading) follow();
}

async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const data = part.replace(/^data: /, "");
      if (data === "[DONE]") return;
      yield JSON.parse(data);
    }
  }
}

async function answer(article, conversation, signal) {
  const body = article.querySelector(".text");
  const response = await fetch("/v1/chat/completions", {
    method: "POST",
    headers: headers(),
    signal,
    body: JSON.stringify({ model: $("model").value, messages: conversation, stream: true }),
  });
  if (!response.ok) throw (await response.json()).error;
  let urgent = false;
  let refused = false;
  for await (const event of eventsOf(response)) {
    signal.throwIfAborted(); // what had come before it is not shown after it
    if (event.error) throw event.error;
    const reading = isAtEnd(); // who has scrolled up to read is left there
    if (event.safety) {
      urgent = event.safety.emergency;
      refused = event.safety.refused !== null;
    }
    const delta = event.choices[0] ? event.choices[0].delta.content || "" : "";
    if (urgent && delta) { emergency(delta); urgent = false; } // the first text of an emergency is its text
    body.textContent += delta;
    if (reading) follow();
  }
  return refused;
}

async function send(text) {
  const conversation = messages;
  conversation.push({ role: "user", content: text });
  show("user", text);
  const article = show("assistant", "");
  running = new AbortController();
  $("send").disabled = true;
  $("stop").hidden = false;
  article.setAttribute("aria-busy", "true");
  say("The answer is being written.");
  let whole = true;
  let refused = false;
  try {
    refused = await answer(article, conversation, running.signal);
    say("");
    // Screen readers get an answer once, whole; a word at a time would be a stutter.
    $("spoken").textContent = article.querySelector(".text").textContent;
  } catch (error) {
    if (conversation !== messages) return; // its chat is gone, and the page is another's
    whole = false;
    if (error.name === "AbortError") say("Stopped.");
    else fail(article, error);
  }
  const written = article.querySelector(".text").textContent.trim();
  if (written && (whole || !article.classList.contains("failed"))) {
    // A refused request would have all that follows refused as well: it is shown and not told again.
    if (refused) conversation.pop();
    else conversation.push({ role: "assistant", content: written });
    addCopy(article);
  } else {
    conversation.pop();
    if (!article.classList.contains("failed")) article.remove();
  }
  article.removeAttribute("aria-busy");
  ready();
}

function ready() {
  running = null;
  $("send").disabled = false;
  $("stop").hidden = true;
  $("message").focus();
}

function fail(article, error) {
  article.classList.add("failed");
  emergency(error.emergency);
  if (error.code === "invalid_api_key") askKey();
  const reason = error.message || "The server can't be reached.";
  const body = article.querySelector(".text");
  body.textContent += body.textContent ? `\n\n(${reason})` : reason;
  say(reason);
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("message").value.trim();
  if (!text || running) return;
  $("message").value = "";
  send(text);
});

$("message").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("form").requestSubmit();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && running) running.abort();
});

$("stop").addEventListener("click", () => running && running.abort());

$("reset").addEventListener("click", () => {
  if (running) running.abort();
  messages = [];
  $("conversation").querySelectorAll("article").forEach((article) => article.remove());
  $("empty").hidden = false;
  $("banner").hidden = true;
  $("spoken").textContent = "";
  say("A new conversation.");
  ready();
});

loadModels().catch(failed);
