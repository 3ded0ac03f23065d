// Small behaviours any page may use, switched on by data attributes. Without scripts every page still works.
(function () {
  "use strict";

  // Menus (<details class="menu">) close on a click elsewhere and on Escape, which gives the focus back.
  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu !== except) menu.open = false;
    }
  }
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.activeElement?.closest("details.menu[open]");
    closeMenus(null);
    menu?.querySelector("summary").focus();
  });

  // <button data-toggle="id" aria-expanded="false"> shows and hides the element with that id.
  function toggle(button) {
    const target = document.getElementById(button.dataset.toggle);
    const open = target.classList.toggle("is-open");
    button.setAttribute("aria-expanded", String(open));
  }

  // <button data-copy="id"> copies that element's text, or <button data-copy-text="..."> the text given.
  async function copy(button) {
    const source = button.dataset.copy ? document.getElementById(button.dataset.copy) : null;
    const text = source ? (source.value ?? source.textContent) : button.dataset.copyText;
    const label = button.querySelector("[data-label]") || button;
    const before = label.textContent;
    const copied = await writeText(text, source);
    label.textContent = copied ? "Copied" : "Press Ctrl+C";
    button.classList.toggle("is-copied", copied);
    setTimeout(() => {
      label.textContent = before;
      button.classList.remove("is-copied");
    }, 2000);
  }

  async function writeText(text, source) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // No clipboard without HTTPS: select the text so that the usual keys copy it.
      if (source) window.getSelection().selectAllChildren(source);
      return false;
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-toggle], [data-copy], [data-copy-text], [data-dialog], [data-close]");
    if (!button) return;
    if ("toggle" in button.dataset) toggle(button);
    else if ("dialog" in button.dataset) document.getElementById(button.dataset.dialog).showModal();
    else if ("close" in button.dataset) button.closest("dialog").close();
    else copy(button);
  });

  // "/" puts the cursor in the search box, unless one is typing already.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const box = [...document.querySelectorAll("[data-search]")].find((input) => input.offsetParent !== null);
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  // A link to a closed <details id> opens it.
  function openTarget() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) target.open = true;
  }
  window.addEventListener("hashchange", openTarget);
  openTarget();

  // <form data-autosubmit> sends itself when a choice in it changes.
  document.addEventListener("change", (event) => {
    event.target.closest("form[data-autosubmit]")?.requestSubmit();
  });

  // <form data-once> is sent once, however often its button is pressed. The button stays readable and focused.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    for (const button of form.querySelectorAll("[type=submit]")) button.setAttribute("aria-disabled", "true");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("form[data-once] [aria-disabled]")) button.removeAttribute("aria-disabled");
  });

  // A passkey that was cancelled or refused is said in words, not only in the console.
  document.addEventListener("allauth.error", (event) => {
    const place = document.querySelector("[data-passkey-error]");
    if (!place) return;
    event.preventDefault();
    place.hidden = false;
  });
})();
