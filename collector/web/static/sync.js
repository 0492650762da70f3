// While a sync runs, say how far it is; then show what came of it.
const form = document.querySelector("#sync");
const progress = document.querySelector("#progress");

async function look() {
  const answer = await fetch("/sync/state");
  if (!answer.ok) return;
  const state = await answer.json();
  if (!state.is_running) {
    location.reload();
    return;
  }
  const { left, received } = progress.dataset;
  progress.textContent = `${left} ${state.left}, ${received} ${state.received}`;
  setTimeout(look, 500);
}

if (form?.dataset.running === "yes") setTimeout(look, 500);
