// Enter walks from the point to the labels and from label to mass; only Ctrl and Enter,
// or the button, saves: a scanner ends each label with Enter.
const form = document.querySelector("#core");
const fields = () =>
  [...form.querySelectorAll("#point, .layers input")].filter((one) => !("side" in one.dataset));

form?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
  event.preventDefault();
  if (event.ctrlKey) {
    form.requestSubmit(document.querySelector("#save"));
    return;
  }
  takeNextLabel(event.target);
  const walk = fields();
  const place = walk.indexOf(event.target);
  const next = place < 0 ? null : walk[place + 1];
  if (next) next.select();
  else document.querySelector("#save").focus();
  next?.focus();
});

// Where labels are stuck on in their order, Enter in an empty field takes the next one.
function takeNextLabel(field) {
  if (!field.name.startsWith("code-") || field.value.trim()) return;
  const used = fields().map((one) => one.value.trim().replaceAll("-", "").toUpperCase());
  const labels = form.dataset.labels.split(" ");
  const last = Math.max(-1, ...used.map((one) => labels.indexOf(one)));
  field.value = labels[last + 1] ?? "";
}

let isSaving = false;
form?.addEventListener("submit", (event) => {
  // A second Enter of an impatient hand saves nothing twice.
  if (isSaving) event.preventDefault();
  isSaving = true;
});
