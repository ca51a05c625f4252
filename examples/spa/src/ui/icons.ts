/** A few line drawings, all on one grid of 24. They only accompany words, so those who listen are not told of them. */

const DRAWINGS = {
  mark: ["M12 3.5 21 8v1.5H3V8z", "M5 12.5v6M9.7 12.5v6M14.3 12.5v6M19 12.5v6", "M3 20.5h18"],
  search: ["M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14z", "m20 20-4-4"],
  key: ["M8 19a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "m11 12 8.5-8.5M15.5 7.5 18 10M18 5l2.5 2.5"],
  person: ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4.5 20.5c.8-3.6 3.7-5.5 7.5-5.5s6.7 1.9 7.5 5.5"],
  students: ["M12 4 2.5 8.5 12 13l9.5-4.5z", "M6.5 10.5v5c0 1.2 2.5 2.5 5.5 2.5s5.5-1.3 5.5-2.5v-5", "M21.5 8.5v6"],
  link: ["M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1", "M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1"],
  device: ["M4 5.5h16v10H4z", "M9 19.5h6M12 15.5v4"],
  shield: ["M12 3.5 5 6v5.5c0 4.3 2.9 7.5 7 9 4.1-1.5 7-4.7 7-9V6z", "m9 11.8 2.2 2.2 3.8-4"],
  mail: ["M3.5 6h17v12h-17z", "m4 7 8 6 8-6"],
  question: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M9.5 9.5A2.5 2.5 0 1 1 12 12.5v1.2", "M12 16.8h.01"],
  arrow: ["M5 12h14M13 6l6 6-6 6"],
  check: ["m5 12.5 4.5 4.5L19 7.5"],
} as const;

export type Icon = keyof typeof DRAWINGS;

export function icon(name: Icon): SVGSVGElement {
  const drawing = svg("svg", {
    viewBox: "0 0 24 24",
    class: `icon icon-${name}`,
    "aria-hidden": "true",
    focusable: "false",
  });
  drawing.append(...DRAWINGS[name].map((line) => svg("path", { d: line })));
  return drawing;
}

function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string>,
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
