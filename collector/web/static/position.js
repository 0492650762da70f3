// The position of the receiver, told once a second; asked for by the button alone.
const box = document.querySelector("#position");
const button = document.querySelector("#listen");
const words = box?.querySelector("output");
let stream = null;

function show(event) {
  const heard = JSON.parse(event.data);
  words.textContent = [heard.words, ...heard.doubts, heard.refusal].filter(Boolean).join("; ");
  box.querySelector("input").disabled = heard.lon === null;
  if (!heard.is_listening) stream?.close();
}

button?.addEventListener("click", async () => {
  const body = new URLSearchParams({ receiver: box.dataset.receiver });
  const answer = await fetch("/position", { method: "POST", body });
  if (!answer.ok) {
    words.textContent = await answer.text();
    return;
  }
  stream?.close();
  stream = new EventSource("/position/stream");
  stream.addEventListener("message", show);
  box.querySelector("input").checked = true;
});
if (box?.dataset.listening === "yes") {
  stream = new EventSource("/position/stream");
  stream.addEventListener("message", show);
}
