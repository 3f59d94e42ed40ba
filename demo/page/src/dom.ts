/** The element with that id. The page's own markup lacks it: a mistake of ours. */
export function byId<Kind extends Element = HTMLElement>(id: string): Kind {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}`);
  return found as unknown as Kind;
}

/** Makes an element. Text is set as text, never as HTML. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = '',
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS(SVG, 'use'));
  setIcon(svg, name);
  return svg;
}

export function setIcon(svg: Element, name: string): void {
  const use = svg.querySelector('use') ?? svg;
  const href = `#i-${name}`;
  if (use.getAttribute('href') !== href) use.setAttribute('href', href);
}

/** Writes only what differs, so that a screen reader isn't told the same again every second. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setData(element: HTMLElement | SVGElement, name: string, value: string): void {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

interface RowPlan<Item> {
  keyOf(item: Item): string;
  build(item: Item): HTMLElement;
  update(row: HTMLElement, item: Item): void;
}

/** Keeps a list's rows in step with the items. A row that stays is the same element: focus stays too. */
export function showRows<Item>(list: HTMLElement, items: readonly Item[], plan: RowPlan<Item>): void {
  const old = new Map([...list.children].map((row) => [(row as HTMLElement).dataset['key'], row as HTMLElement]));
  let place: Element | null = list.firstElementChild;
  for (const item of items) {
    const key = plan.keyOf(item);
    let row = old.get(key);
    old.delete(key);
    if (!row) {
      row = plan.build(item);
      row.dataset['key'] = key;
    }
    plan.update(row, item);
    if (row === place) place = place.nextElementSibling;
    else list.insertBefore(row, place);
  }
  for (const row of old.values()) row.remove();
}

export function button(text: string, className: string, act: () => void): HTMLButtonElement {
  const made = make('button', className, text);
  made.type = 'button';
  made.addEventListener('click', act);
  return made;
}

/** A part of a row that its builder has put there. */
export const part = (row: HTMLElement, name: string): HTMLElement => row.querySelector<HTMLElement>(`.${name}`)!;
