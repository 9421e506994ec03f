/** Dark or light: as the system has it, until the user chooses. */

const REMEMBERED = "antiphon-theme";

/**
 * @param {HTMLButtonElement} button  pressed means light
 * @param {() => void} onChange
 */
export function watchTheme(button, onChange) {
  const system = window.matchMedia("(prefers-color-scheme: light)");
  let chosen = recall();
  const show = () => {
    if (chosen) document.documentElement.dataset.theme = chosen;
    button.setAttribute("aria-pressed", String((chosen ?? (system.matches ? "light" : "dark")) === "light"));
    onChange();
  };
  system.addEventListener("change", show);
  button.addEventListener("click", () => {
    chosen = button.getAttribute("aria-pressed") === "true" ? "dark" : "light";
    remember(chosen);
    show();
  });
  show();
}

/** @returns {string | null} */
function recall() {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null; // storage is forbidden: then it is the system's
  }
}

/** @param {string} theme */
function remember(theme) {
  try {
    localStorage.setItem(REMEMBERED, theme);
  } catch {
    // It holds until the page is closed.
  }
}
