// Elements of the page, of HTML and of SVG, made in one line each.

export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made && key !== "list") made[key] = value;
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function svg(tag, props = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(props)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export const percent = (share) => `${Math.round(100 * share)}%`;
export const count = (n) => n.toLocaleString("en");
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
export const monthName = (month) => `${MONTHS[Number(month.slice(5, 7)) - 1]} ${month.slice(0, 4)}`;
export const dayName = (day) => `${Number(day.slice(8, 10))} ${monthName(day)}`;
export const dayNumber = (day) => Math.round(Date.parse(`${day}T00:00:00Z`) / 86400000);
export const dayOf = (number) => new Date(number * 86400000).toISOString().slice(0, 10);

// Sets what a control shows, unless a person is in the middle of changing it.
export function show(input, value) {
  if (document.activeElement === input && input.type !== "checkbox" && input.type !== "range") return;
  if (input.type === "checkbox") input.checked = value;
  else if (String(input.value) !== String(value)) input.value = value;
}
