// The navigation marks the area that is shown, also when only the content was swapped. On a narrow screen it is a bar
// that scrolls: what is newly marked must be in sight.
function mark(): void {
  const area = document.querySelector<HTMLElement>("#main")?.dataset["area"];
  for (const link of document.querySelectorAll<HTMLElement>(".nav a")) {
    const here = link.dataset["area"] === area;
    if (here === link.hasAttribute("aria-current")) continue;
    if (!here) link.removeAttribute("aria-current");
    else {
      link.setAttribute("aria-current", "page");
      show();
    }
  }
}

function show(): void {
  document.querySelector(".nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

document.addEventListener("htmx:after:swap", mark);
show();

export {};
