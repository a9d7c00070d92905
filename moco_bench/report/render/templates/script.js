// Downloads of a figure are made out of its drawing on this page, so they outlive the folder that the page came from.
const save = (content, name) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
const asFile = (drawing) => {
  const copy = drawing.cloneNode(true);
  copy.removeAttribute("aria-hidden");
  copy.removeAttribute("focusable");
  copy.setAttribute("width", drawing.viewBox.baseVal.width + "pt");
  copy.setAttribute("height", drawing.viewBox.baseVal.height + "pt");
  const text = new XMLSerializer().serializeToString(copy);
  const coloured = text.replace(/var\(--[\w-]+, (#[0-9a-f]{6})\)/g, "$1"); // the page's own colours mean nothing elsewhere
  return new Blob([coloured.replace(/\binherit\b/g, "DejaVu Sans, sans-serif")], { type: "image/svg+xml" });
};
const asImage = (drawing, then) => {
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width * 2, image.height * 2];
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(image.src);
    canvas.toBlob(then);
  };
  image.src = URL.createObjectURL(asFile(drawing));
};
for (const link of document.querySelectorAll("[data-drawing]")) {
  const drawing = link.closest("figure").querySelector(".drawing svg");
  if (!drawing) continue; // a figure that became an image so that the page stays small
  const name = `${link.dataset.name}.${link.dataset.drawing}`;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    if (link.dataset.drawing === "svg") save(asFile(drawing), name);
    else asImage(drawing, (content) => save(content, name));
  });
}

const contents = document.querySelector("nav details");
if (window.matchMedia("(max-width: 72rem)").matches) contents.open = false;
// Paper has no disclosure triangles: everything folded is opened for the printer.
window.addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details")) folded.open = true;
});
