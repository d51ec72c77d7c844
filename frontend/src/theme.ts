// The theme is a cookie, so that the server can render it and no page flashes in the wrong one.
const YEAR_SECONDS = 31_536_000;
const dark = matchMedia("(prefers-color-scheme: dark)");

function isDark(): boolean {
  const chosen = document.documentElement.dataset["theme"];
  return chosen ? chosen === "dark" : dark.matches;
}

function announce(): void {
  document.dispatchEvent(new CustomEvent("upshot:theme"));
}

document.addEventListener("click", (event) => {
  if (!(event.target as Element | null)?.closest("button[data-toggle-theme]")) return;
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset["theme"] = theme;
  document.cookie = `upshot_theme=${theme}; path=/; max-age=${YEAR_SECONDS}; samesite=strict`;
  announce();
});

dark.addEventListener("change", announce);
