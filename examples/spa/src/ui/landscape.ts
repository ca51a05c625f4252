/** Hills, a sun and a small schoolhouse. Drawn in the colours of the page, so that it sleeps when the page does. */

const NAMESPACE = "http://www.w3.org/2000/svg";

const SHAPES: [kind: string, path: string][] = [
  ["sun", "M1010 92a44 44 0 1 0 88 0 44 44 0 1 0-88 0"],
  ["far", "M0 150C180 70 330 60 520 120S860 160 1040 90s270-40 400 10v180H0z"],
  ["near", "M0 190c160-50 360-20 560 10s420 30 620-30 200-30 260-20v130H0z"],
  ["house", "M432 152h116v72H432zM476 124h28v40h-28z"],
  ["roof", "m422 154 14-18h108l14 18zM470 126l20-22 20 22z"],
  ["roof", "M482 178h16v46h-16zM489 78h2.5v28H489z"],
  ["window", "M446 168h16v16h-16zM518 168h16v16h-16zM484 140h12v10h-12z"],
  ["flag", "M491.5 79l22 7-22 7z"],
  ["front", "M0 240c220-60 420-40 640-10s520 30 800-30v80H0z"],
];

export function landscape(): SVGSVGElement {
  const drawing = document.createElementNS(NAMESPACE, "svg");
  for (const [name, value] of Object.entries({
    class: "landscape",
    viewBox: "0 0 1440 280",
    preserveAspectRatio: "xMidYMax slice",
    "aria-hidden": "true",
  })) {
    drawing.setAttribute(name, value);
  }
  for (const [kind, path] of SHAPES) {
    const shape = document.createElementNS(NAMESPACE, "path");
    shape.setAttribute("class", kind);
    shape.setAttribute("d", path);
    drawing.append(shape);
  }
  return drawing;
}
