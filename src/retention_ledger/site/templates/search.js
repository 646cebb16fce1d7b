// Shows the metrics that have all the words, in whatever order; without script all are shown.
const field = document.getElementById("words");
const found = document.getElementById("found");
const rows = [...document.querySelectorAll("li[data-words]")];
function look() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    row.hidden = !words.every((word) => row.dataset.words.includes(word));
    shown += !row.hidden;
  }
  for (const section of document.querySelectorAll("section")) {
    section.hidden = !section.querySelector("li:not([hidden])");
  }
  found.textContent = words.length ? `${shown} of ${rows.length} metrics` : "";
}
document.getElementById("search").hidden = false;
field.value = new URLSearchParams(location.search).get("q") || "";
field.addEventListener("input", look);
look();
