// People on a canvas as src/poise/draw has them on a picture: left green, right orange, the centre blue or, of several
// people, each one's own colour; widths follow the person's size, the face is finer, a dark rim lies below everything.

import { numberOf, readable, sideOf, type Person, type Skeleton } from './poses';

export interface Look {
  minScore: number;
  joints: boolean;
  limbs: boolean;
  boxes: boolean;
  names: boolean; // of joints
  scores: boolean; // the person's, and beside names the joints'
  ids: boolean;
  mirrored: boolean;
}

/** From the picture's pixels to the canvas's. */
export interface View {
  scale: number;
  unit: number; // canvas pixels of one that is looked at
  width: number;
  height: number;
  mirrored: boolean;
}

export interface Spot {
  person: number;
  joint: number;
  x: number; // of the canvas
  y: number;
}

/** A person, or one joint of theirs. */
export interface Highlight {
  person: number;
  joint: number | null;
}

const kLeft = 'rgb(0 255 0)';
const kRight = 'rgb(255 128 0)';
const kCentre = 'rgb(51 153 255)';
const kBox = 'rgb(240 240 240)';
const kRim = 'rgb(16 20 28 / .85)';
const kPeople = [
  [51, 153, 255],
  [255, 70, 190],
  [255, 235, 60],
  [160, 95, 255],
  [0, 225, 225],
  [255, 75, 75],
  [240, 240, 240],
  [196, 150, 100],
].map(([r, g, b]) => `rgb(${r} ${g} ${b})`);

const kLimbOfPerson = 0.016; // limb width as a part of the person's longer side
const kThinnest = 1;
const kThickest = 16;
const kJointOfLimb = 1.45; // a joint's radius as a multiple of half a limb's width
const kWidthOfLength = 0.18; // a short limb is no wider than this part of its length
const kFace = 0.6; // a face's lines and points, of the body's
const kThinnestInFace = 0.6;
const kJointOfGap = 0.28; // a joint's radius is no more than this part of the way to the next one
const kSmallestJoint = 0.5;
const kRimOfLimb = 0.3;
const kThinnestRim = 0.5;

const isInFace = (joint: string): boolean => /^nose$|_(eye|ear)$/.test(joint);

/** Who has an id keeps their colour. */
export function coloursOf(person: Person, place: number, count: number): Record<'left' | 'right' | 'centre' | 'box', string> {
  const alone = count < 2 && person.track_id === undefined;
  const own = kPeople[Math.abs(person.track_id ?? place) % kPeople.length]!;
  return { left: kLeft, right: kRight, centre: alone ? kCentre : own, box: alone ? kBox : own };
}

interface Shape {
  from: { x: number; y: number };
  to: { x: number; y: number };
  radius: number;
  colour: string;
}

interface Point {
  x: number;
  y: number;
}

/** The centre of the picture's top-left pixel is (0, 0). */
function placed(x: number, y: number, view: View): Point {
  const across = (x + 0.5) * view.scale;
  return { x: view.mirrored ? view.width - across : across, y: (y + 0.5) * view.scale };
}

function extentOf(person: Person, points: (Point | null)[], view: View): number {
  const seen = points.filter((point) => point !== null);
  if (seen.length < 2) return Math.max(person.box[2], person.box[3]) * view.scale;
  const xs = seen.map((point) => point.x);
  const ys = seen.map((point) => point.y);
  return Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
}

const between = (low: number, value: number, high: number): number => Math.max(low, Math.min(value, high));
const distance = (a: Point, b: Point): number => Math.hypot(b.x - a.x, b.y - a.y);

function capsule(context: CanvasRenderingContext2D, shape: Shape, rim: boolean): void {
  const radius = shape.radius + (rim ? Math.max(kThinnestRim, kRimOfLimb * 2 * shape.radius) : 0);
  context.beginPath();
  if (shape.from === shape.to) {
    context.fillStyle = rim ? kRim : shape.colour;
    context.arc(shape.from.x, shape.from.y, radius, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  context.strokeStyle = rim ? kRim : shape.colour;
  context.lineWidth = 2 * radius;
  context.moveTo(shape.from.x, shape.from.y);
  context.lineTo(shape.to.x, shape.to.y);
  context.stroke();
}

/** All rims lie below all colours: where a small person's joints are close, they stay apart. */
function drawShapes(context: CanvasRenderingContext2D, shapes: Shape[]): void {
  context.lineCap = 'round';
  for (const shape of shapes) capsule(context, shape, true);
  for (const shape of shapes) capsule(context, shape, false);
}

class Figure {
  readonly points: (Point | null)[]; // null: not drawn
  private readonly width: number; // of a limb
  private readonly colours;

  constructor(
    private readonly person: Person,
    private readonly place: number,
    count: number,
    private readonly skeleton: Skeleton,
    private readonly look: Look,
    private readonly view: View,
  ) {
    this.points = person.keypoints.map(([x, y, score]) => (score >= look.minScore ? placed(x, y, view) : null));
    const { unit } = view;
    this.width = between(kThinnest * unit, kLimbOfPerson * extentOf(person, this.points, view), kThickest * unit);
    this.colours = coloursOf(person, place, count);
  }

  drawBox(context: CanvasRenderingContext2D): void {
    const [x, y, width, height] = this.person.box;
    const a = placed(x, y, this.view);
    const c = placed(x + width, y + height, this.view);
    const b = { x: c.x, y: a.y };
    const d = { x: a.x, y: c.y };
    const radius = Math.max(0.75 * this.view.unit, this.width / 4);
    const edges = [[a, b] as const, [b, c] as const, [c, d] as const, [d, a] as const];
    drawShapes(context, edges.map(([from, to]) => ({ from, to, radius, colour: this.colours.box })));
  }

  drawBody(context: CanvasRenderingContext2D): void {
    const widest = this.points.map(() => 0); // of the limbs at each joint
    const limbs = this.limbs(widest);
    drawShapes(context, [...(this.look.limbs ? limbs : []), ...(this.look.joints ? this.joints(widest) : [])]);
  }

  private limbs(widest: number[]): Shape[] {
    const shapes: Shape[] = [];
    const { unit } = this.view;
    for (const [i, k] of this.skeleton.limbs) {
      const from = this.points[i];
      const to = this.points[k];
      const [a, b] = [this.skeleton.joints[i], this.skeleton.joints[k]];
      if (!from || !to || a === undefined || b === undefined) continue;
      const face = isInFace(a) && isInFace(b);
      const least = (face ? kThinnestInFace : kThinnest) * unit;
      const most = Math.max(least, face ? kFace * this.width : this.width);
      const width = Math.min(most, Math.max(least, kWidthOfLength * distance(from, to)));
      // From one side to the centre it is that side's; between left and right the centre's.
      const [left, right] = [sideOf(a), sideOf(b)];
      const side = left === right || right === 'centre' ? left : left === 'centre' ? right : 'centre';
      shapes.push({ from, to, radius: width / 2, colour: this.colours[side] });
      widest[i] = Math.max(widest[i]!, width);
      widest[k] = Math.max(widest[k]!, width);
    }
    return shapes;
  }

  private joints(widest: number[]): Shape[] {
    const shapes: Shape[] = [];
    this.points.forEach((point, index) => {
      const name = this.skeleton.joints[index];
      if (!point || name === undefined) return;
      let radius = (kJointOfLimb * (widest[index] || this.width)) / 2;
      if (isInFace(name)) radius = Math.min(radius, (kJointOfLimb * kFace * this.width) / 2);
      const gaps = this.points.filter((other) => other && distance(point, other) > 0).map((other) => distance(point, other!));
      const smallest = Math.min(kSmallestJoint * this.view.unit, radius);
      radius = Math.max(Math.min(radius, kJointOfGap * Math.min(...gaps)), smallest);
      shapes.push({ from: point, to: point, radius, colour: this.colours[sideOf(name)] });
    });
    return shapes;
  }

  /** On the box, or on what is drawn of the person. */
  drawTag(context: CanvasRenderingContext2D, labels: Labels): void {
    const words = [
      ...(this.look.ids ? [`#${numberOf(this.person, this.place)}`] : []),
      ...(this.look.scores ? [this.person.score.toFixed(2)] : []),
    ];
    if (words.length === 0) return;
    const [x, y, width] = this.person.box;
    const corner = placed(this.view.mirrored ? x + width : x, y, this.view);
    const seen = this.points.filter((point) => point !== null);
    const onBox = this.look.boxes || seen.length === 0;
    const left = onBox ? corner.x : Math.min(...seen.map((point) => point.x));
    const top = onBox ? corner.y : Math.min(...seen.map((point) => point.y)) - this.width;
    labels.tag(context, words.join(' '), { x: left, y: top }, this.colours.box);
  }

  drawNames(context: CanvasRenderingContext2D, labels: Labels): void {
    this.points.forEach((point, index) => {
      const name = this.skeleton.joints[index];
      if (!point || name === undefined) return;
      const score = this.look.scores ? ` ${this.person.keypoints[index]![2].toFixed(2)}` : '';
      labels.beside(context, readable(name) + score, point, this.width);
    });
  }

  ring(context: CanvasRenderingContext2D, point: Point): void {
    const radius = Math.max(7 * this.view.unit, 1.6 * this.width);
    for (const [colour, width] of [['rgb(16 20 28)', 5], ['rgb(255 255 255)', 2.5]] as const) {
      context.strokeStyle = colour;
      context.lineWidth = width * this.view.unit;
      context.beginPath();
      context.arc(point.x, point.y, radius, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}

interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Words that do not lie on one another. */
class Labels {
  private readonly taken: Rectangle[] = [];
  constructor(private readonly view: View) {}

  private measure(context: CanvasRenderingContext2D, text: string, size: number): Rectangle {
    context.font = `600 ${size * this.view.unit}px system-ui, sans-serif`;
    context.textBaseline = 'middle';
    const border = 4 * this.view.unit;
    return { x: 0, y: 0, width: context.measureText(text).width + 2 * border, height: (size + 6) * this.view.unit };
  }

  private write(context: CanvasRenderingContext2D, text: string, at: Rectangle, ground: string, ink: string): void {
    this.taken.push(at);
    context.fillStyle = ground;
    context.beginPath();
    context.roundRect(at.x, at.y, at.width, at.height, 3 * this.view.unit);
    context.fill();
    context.fillStyle = ink;
    context.fillText(text, at.x + 4 * this.view.unit, at.y + at.height / 2);
  }

  private kept(at: Rectangle): Rectangle {
    const x = between(0, at.x, Math.max(0, this.view.width - at.width));
    return { ...at, x, y: between(0, at.y, Math.max(0, this.view.height - at.height)) };
  }

  private free(at: Rectangle): boolean {
    const { width, height } = this.view;
    if (at.x < 0 || at.y < 0 || at.x + at.width > width || at.y + at.height > height) return false;
    return this.taken.every(
      (other) =>
        at.x + at.width <= other.x ||
        other.x + other.width <= at.x ||
        at.y + at.height <= other.y ||
        other.y + other.height <= at.y,
    );
  }

  tag(context: CanvasRenderingContext2D, text: string, corner: Point, colour: string): void {
    const size = this.measure(context, text, 13);
    const y = corner.y - size.height < 0 ? corner.y : corner.y - size.height;
    this.write(context, text, this.kept({ ...size, x: corner.x, y }), colour, 'rgb(0 0 0)');
  }

  /** Where there is room at none of the sides, it is left out. */
  beside(context: CanvasRenderingContext2D, text: string, point: Point, away: number): void {
    const size = this.measure(context, text, 11);
    const gap = away + 2 * this.view.unit;
    const middle = { x: point.x - size.width / 2, y: point.y - size.height / 2 };
    const places = [
      { x: point.x + gap, y: middle.y },
      { x: point.x - gap - size.width, y: middle.y },
      { x: middle.x, y: point.y - gap - size.height },
      { x: middle.x, y: point.y + gap },
    ];
    const place = places.map((at) => ({ ...size, ...at })).find((at) => this.free(at));
    if (place) this.write(context, text, place, 'rgb(16 20 28 / .8)', 'rgb(255 255 255)');
  }
}

/** Where the joints are that were drawn. The first of the list lies on top. */
export function drawPeople(
  context: CanvasRenderingContext2D,
  people: Person[],
  skeleton: Skeleton,
  look: Look,
  view: View,
  highlight: Highlight | null = null,
): Spot[] {
  const figures = people.map((person, place) => new Figure(person, place, people.length, skeleton, look, view));
  const fromBelow = [...figures].reverse();
  const labels = new Labels(view);
  if (look.boxes) for (const figure of fromBelow) figure.drawBox(context);
  for (const figure of fromBelow) figure.drawBody(context);
  for (const figure of fromBelow) figure.drawTag(context, labels);
  if (look.names) for (const figure of figures) figure.drawNames(context, labels);

  const lit = highlight && figures[highlight.person];
  if (lit && highlight.joint === null) lit.drawBox(context);
  if (lit && highlight.joint !== null) {
    const [x, y] = people[highlight.person]!.keypoints[highlight.joint]!;
    lit.ring(context, placed(x, y, view));
  }
  return figures.flatMap((figure, person) =>
    figure.points.flatMap((point, joint) => (point ? [{ person, joint, ...point }] : [])),
  );
}
