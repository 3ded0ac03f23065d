// The picture of packages: pointing at a box shows its own arrows, and a click goes where the table's link goes, which
// htmx loads without leaving the page. Without this script the boxes are links all the same.
(function () {
  "use strict";

  function choose(picture, node) {
    picture.classList.toggle("graph-chosen", Boolean(node));
    for (const edge of picture.querySelectorAll(".graph-edge")) {
      const near = node && (edge.dataset.from === node.dataset.box || edge.dataset.to === node.dataset.box);
      edge.classList.toggle("is-near", Boolean(near));
    }
  }

  for (const name of ["mouseover", "focusin"]) {
    document.addEventListener(name, (event) => {
      const picture = event.target.closest?.(".graph-picture");
      if (picture) choose(picture, event.target.closest(".graph-node"));
    });
  }
  for (const name of ["mouseout", "focusout"]) {
    document.addEventListener(name, (event) => {
      const picture = event.target.closest?.(".graph-picture");
      if (picture && !picture.contains(event.relatedTarget)) choose(picture, null);
    });
  }

  document.addEventListener("click", (event) => {
    const node = event.target.closest?.("[data-graph] .graph-node");
    if (!node || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const links = document.querySelectorAll("[data-graph] .section a");
    const same = [...links].find((link) => link.getAttribute("href") === node.getAttribute("href"));
    if (!same) return;
    event.preventDefault();
    same.click();
  });

  // On a narrow window the middle of a picture says more than its left edge.
  function centre() {
    for (const box of document.querySelectorAll(".graph-box")) box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2;
  }
  centre();

  // After a level was loaded in place, its heading has the focus, as after a new page.
  document.addEventListener("htmx:afterSettle", (event) => {
    centre();
    const graph = event.target.closest?.("[data-graph]") ?? document.querySelector("[data-graph]");
    graph?.querySelector(".graph-crumbs [aria-current]")?.focus({ preventScroll: true });
  });
})();
