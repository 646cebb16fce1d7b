// What Bootstrap and jQuery do on these pages elsewhere: tabs, what is folded, and the filter.
document.querySelectorAll('[data-toggle="collapse"]').forEach(function (link) {
  link.addEventListener("click", function (event) {
    event.preventDefault();
    var folded = document.getElementById(link.getAttribute("href").slice(1));
    if (folded) { folded.classList.toggle("show"); }
  });
});
document.querySelectorAll('[data-toggle="tab"]').forEach(function (link) {
  link.addEventListener("click", function (event) {
    event.preventDefault();
    var pane = document.getElementById(link.getAttribute("href").slice(1));
    link.closest("ul").querySelectorAll("a").forEach(function (other) { other.classList.remove("active"); });
    link.classList.add("active");
    Array.prototype.forEach.call(pane.parentElement.children, function (other) { other.classList.remove("active"); });
    pane.classList.add("active");
  });
});
var failedOnly = document.getElementById("failed-only");
if (failedOnly) {
  failedOnly.addEventListener("change", function () {
    document.body.classList.toggle("failed-only", failedOnly.checked);
  });
  document.querySelectorAll(".hide-succeeded-validation-target-child").forEach(function (cell) {
    cell.parentElement.classList.add("succeeded");
  });
  document.querySelectorAll(".hide-succeeded-validation-target").forEach(function (row) { row.classList.add("succeeded"); });
  document.querySelectorAll(".hide-succeeded-validations-column-section-target-child").forEach(function (block) {
    block.parentElement.parentElement.classList.add("succeeded");
  });
}
