// Dashboards: the editor is loaded where one is shown; a notice of what was done stands in the address only once.
let listening = false;
let ordering = false;

async function look(): Promise<void> {
  if (document.querySelector("[data-once]")) {
    const address = new URL(location.href);
    for (const name of ["done", "undo", "deleted"]) address.searchParams.delete(name);
    history.replaceState(history.state, "", address);
  }
  if (!ordering && document.querySelector("[data-arrange]")) {
    ordering = true;
    (await import("./board/list")).listen();
  }
  if (listening || !document.querySelector("[data-board]")) return;
  listening = true;
  (await import("./board/edit")).listen();
}

document.addEventListener("click", (event) => {
  if (!(event.target as Element | null)?.closest("button[data-full-screen]")) return;
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen();
});

document.addEventListener("htmx:after:swap", () => void look());
void look();
