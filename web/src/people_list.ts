// The people and their joints as text: for screen readers, for the keyboard, and for whoever wants the numbers.

import { coloursOf, type Highlight } from './draw';
import { nameOf, readable, sideOf, type Person, type Skeleton } from './poses';

type Light = (highlight: Highlight | null) => void;

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  text = '',
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** One person: unfolds to a table of joints, whose names are buttons that show where they are. */
class Entry {
  readonly root = element('details');
  place = 0; // of the person in the list
  private readonly swatch = element('span', 'swatch');
  private readonly name = element('span');
  private readonly score = element('span', 'number');
  private readonly rows: { row: HTMLTableRowElement; cells: HTMLTableCellElement[] }[] = [];

  constructor(
    private readonly skeleton: Skeleton,
    light: Light,
  ) {
    const summary = element('summary');
    this.swatch.setAttribute('aria-hidden', 'true');
    summary.append(this.swatch, this.name, this.score);
    lights(summary, () => light({ person: this.place, joint: null }), light);
    const table = element('table');
    table.innerHTML =
      '<thead><tr><th scope="col">Joint</th><th scope="col">x</th><th scope="col">y</th><th scope="col">Score</th></tr></thead>';
    const body = table.createTBody();
    skeleton.joints.forEach((joint, index) => {
      const row = body.insertRow();
      row.dataset.joint = joint;
      const head = element('th');
      head.scope = 'row';
      const button = element('button', `joint ${sideOf(joint)}`, readable(joint));
      button.type = 'button';
      head.append(button);
      row.append(head);
      lights(row, () => light({ person: this.place, joint: index }), light);
      this.rows.push({ row, cells: [row.insertCell(), row.insertCell(), row.insertCell()] });
    });
    body.addEventListener('keydown', (event) => step(event, body));
    this.root.append(summary, table);
  }

  show(person: Person, place: number, count: number, minScore: number): void {
    this.place = place;
    this.name.textContent = nameOf(person, place);
    this.score.textContent = person.score.toFixed(2);
    this.swatch.style.background = coloursOf(person, place, count).centre;
    this.rows.forEach(({ row, cells }, index) => {
      const keypoint = person.keypoints[index];
      if (!keypoint) return;
      const digits = [1, 1, 2];
      cells.forEach((cell, i) => (cell.textContent = keypoint[i]!.toFixed(digits[i])));
      row.classList.toggle('weak', keypoint[2] < minScore);
    });
  }

  isOf(skeleton: Skeleton): boolean {
    return this.skeleton === skeleton;
  }
}

function lights(target: HTMLElement, show: () => void, light: Light): void {
  target.addEventListener('pointerenter', show);
  target.addEventListener('pointerleave', () => light(null));
  target.addEventListener('focusin', show);
  target.addEventListener('focusout', () => light(null));
}

/** Arrow keys go from joint to joint. */
function step(event: KeyboardEvent, body: HTMLElement): void {
  const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
  const by = steps[event.key];
  if (by === undefined) return;
  const buttons = [...body.querySelectorAll('button')];
  const next = buttons[buttons.indexOf(event.target as HTMLButtonElement) + by];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

export class PeopleList {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly root: HTMLElement,
    private readonly light: Light,
  ) {}

  /** Who stays keeps their entry, unfolded or not, and with it the focus. */
  show(people: Person[], skeleton: Skeleton, minScore: number): void {
    const kept = new Set<string>();
    people.forEach((person, place) => {
      const key = nameOf(person, place);
      kept.add(key);
      let entry = this.entries.get(key);
      if (!entry?.isOf(skeleton)) {
        entry?.root.remove();
        entry = new Entry(skeleton, this.light);
        this.entries.set(key, entry);
        this.root.append(entry.root);
      }
      entry.show(person, place, people.length, minScore);
    });
    for (const [key, entry] of this.entries) {
      if (kept.has(key)) continue;
      entry.root.remove();
      this.entries.delete(key);
    }
  }
}
