// On a narrow screen the navigation is a bar that scrolls: what is marked must be in sight.
function show(): void {
  document.querySelector(".nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

document.addEventListener("htmx:after:swap", show);
show();

export {};
