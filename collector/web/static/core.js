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

// The density of each layer as it came out of the hole, to compare with the campaign before.
const number = (field) => Number(field?.value.trim().replace(",", ".") || NaN);

function showDensities() {
  const across = number(form.querySelector("#diameter")) / 10;
  const holes = number(form.querySelector("#holes")) || 1;
  let top = 0;
  for (const row of form.querySelectorAll(".layers tbody tr")) {
    const [bottom, , mass] = row.querySelectorAll("input");
    const volume = (Math.PI / 4) * across ** 2 * (number(bottom) - top) * holes;
    const density = number(mass) / volume;
    const isThere = Number.isFinite(density) && density > 0;
    const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
    const shown = isThere ? density.toLocaleString(document.documentElement.lang, digits) : "";
    row.querySelector("output").textContent = shown;
    top = number(bottom) || top;
  }
}

form?.addEventListener("input", showDensities);
if (form) showDensities();

let isSaving = false;
form?.addEventListener("submit", (event) => {
  // A second Enter of an impatient hand saves nothing twice.
  if (isSaving) event.preventDefault();
  isSaving = true;
});
