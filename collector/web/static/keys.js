// Pages by Alt and a digit; language and project at once when they are chosen.
const pages = [...document.querySelectorAll("nav a")];
document.addEventListener("keydown", (event) => {
  const place = event.altKey && !event.ctrlKey ? Number(event.key) : 0;
  if (place >= 1 && place <= pages.length) {
    event.preventDefault();
    pages[place - 1].click();
  }
});
for (const one of document.querySelectorAll("#language, #of-project")) {
  one.addEventListener("change", (event) => event.target.form.requestSubmit());
}
