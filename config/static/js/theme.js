// Runs before the first paint: marks that scripts work and sets the theme that was chosen on this device, if any.
(function () {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");

  function stored() {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // Storage can be refused; the system's theme then applies.
    }
  }

  function apply(theme) {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
    document.dispatchEvent(new CustomEvent("pare:theme"));
  }

  apply(stored());

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-set-theme]");
    if (!button) return;
    const theme = button.dataset.setTheme;
    try {
      if (theme === "system") localStorage.removeItem("theme");
      else localStorage.setItem("theme", theme);
    } catch {
      // Not kept, but still applied to this page.
    }
    apply(theme);
    markChosen();
  });

  function markChosen() {
    const chosen = root.dataset.theme || "system";
    for (const button of document.querySelectorAll("[data-set-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.setTheme === chosen));
    }
  }
  document.addEventListener("DOMContentLoaded", markChosen);
})();
