// Pages by Alt and a digit; the language at once when it is chosen.
const pages = [...document.querySelectorAll("nav a")];
document.addEventListener("keydown", (event) => {
  const place = event.altKey && !event.ctrlKey ? Number(event.key) : 0;
  if (place >= 1 && place <= pages.length) {
    event.preventDefault();
    pages[place - 1].click();
  }
});
document.querySelector("#language")?.addEventListener("change", (event) => {
  event.target.form.requestSubmit();
});
