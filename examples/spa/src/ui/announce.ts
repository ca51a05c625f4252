/** Says something to those who listen, without moving their focus. */

const region = document.getElementById("status");

export function announce(text: string): void {
  if (region) region.textContent = text;
}

/** Takes it back, unless something else has been said since. */
export function silence(text: string): void {
  if (region?.textContent === text) region.textContent = "";
}
