// The picture with its people, as large as there is room; a joint under the pointer says what it is.

import { drawPeople, type Highlight, type Look, type Spot, type View } from './draw';
import { nameOf, readable, type Person, type Skeleton } from './poses';

export interface Scene {
  name: string; // of the picture's file, without its ending
  picture: ImageBitmap;
  width: number; // in whose pixels the people are
  height: number;
  people: Person[];
  skeleton: Skeleton;
  json: string; // the server's answer; empty while there is none
}

const kNearest = 14; // of the pointer to a joint, CSS pixels

export class Stage {
  scene: Scene | null = null;
  private spots: Spot[] = [];
  private highlight: Highlight | null = null;
  private readonly context: CanvasRenderingContext2D;

  constructor(
    private readonly frame: HTMLElement,
    private readonly canvas: HTMLCanvasElement,
    private readonly tip: HTMLElement,
    private readonly look: Look,
  ) {
    this.context = canvas.getContext('2d')!;
    new ResizeObserver(() => this.draw()).observe(frame.parentElement!);
    addEventListener('resize', () => this.draw());
    canvas.addEventListener('pointermove', (event) => this.pointAt(event));
    canvas.addEventListener('pointerdown', (event) => this.pointAt(event));
    // A finger that is lifted has not gone elsewhere.
    canvas.addEventListener('pointerleave', (event) => event.pointerType !== 'touch' && this.light(null));
    addEventListener('keydown', (event) => event.key === 'Escape' && this.light(null));
  }

  show(scene: Scene): void {
    const old = this.scene?.picture;
    this.scene = scene;
    if (old && old !== scene.picture) old.close();
    if (!scene.people[this.highlight?.person ?? 0]) this.highlight = null;
    this.draw();
  }

  light(highlight: Highlight | null): void {
    this.highlight = highlight;
    this.draw();
  }

  draw(): void {
    const { scene } = this;
    if (!scene) return;
    this.frame.hidden = false;
    const room = this.frame.parentElement!.clientWidth;
    const most = Math.max(240, innerHeight * (room < 600 ? 0.6 : 0.76));
    const fit = Math.min(room / scene.width, most / scene.height);
    const unit = devicePixelRatio || 1;
    const [width, height] = [Math.round(scene.width * fit), Math.round(scene.height * fit)];
    if (this.canvas.width !== Math.round(width * unit) || this.canvas.height !== Math.round(height * unit)) {
      this.canvas.width = Math.round(width * unit);
      this.canvas.height = Math.round(height * unit);
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    const view: View = { scale: fit * unit, unit, width: this.canvas.width, height: this.canvas.height, mirrored: this.look.mirrored };
    this.spots = this.paint(this.context, scene, view, this.highlight);
    this.showTip(unit);
  }

  /** What is shown, in the picture's own pixels and as the camera saw it: in them the JSON counts. */
  async save(): Promise<Blob | null> {
    const { scene } = this;
    if (!scene) return null;
    const canvas = document.createElement('canvas');
    canvas.width = scene.width;
    canvas.height = scene.height;
    const context = canvas.getContext('2d');
    if (!context) return null;
    const unit = Math.max(1, Math.max(scene.width, scene.height) / 900);
    this.paint(context, scene, { scale: 1, unit, width: scene.width, height: scene.height, mirrored: false }, null);
    return await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92));
  }

  private paint(context: CanvasRenderingContext2D, scene: Scene, view: View, highlight: Highlight | null): Spot[] {
    context.setTransform(view.mirrored ? -1 : 1, 0, 0, 1, view.mirrored ? view.width : 0, 0);
    context.imageSmoothingQuality = 'high';
    context.drawImage(scene.picture, 0, 0, view.width, view.height);
    context.setTransform(1, 0, 0, 1, 0, 0);
    return drawPeople(context, scene.people, scene.skeleton, this.look, view, highlight);
  }

  private pointAt(event: PointerEvent): void {
    const unit = devicePixelRatio || 1;
    const near = this.spots
      .map((spot) => ({ spot, away: Math.hypot(spot.x / unit - event.offsetX, spot.y / unit - event.offsetY) }))
      .filter(({ away }) => away <= kNearest)
      .sort((a, b) => a.away - b.away)[0];
    const next = near ? { person: near.spot.person, joint: near.spot.joint } : null;
    if (next?.person === this.highlight?.person && next?.joint === this.highlight?.joint) return;
    this.light(next);
  }

  private showTip(unit: number): void {
    const { scene, highlight } = this;
    const person = highlight && scene?.people[highlight.person];
    const keypoint = person && highlight.joint !== null ? person.keypoints[highlight.joint] : undefined;
    this.tip.hidden = !keypoint;
    if (!scene || !person || !keypoint) return;
    const [x, y, score] = keypoint;
    const joint = readable(scene.skeleton.joints[highlight.joint!] ?? '');
    const who = scene.people.length > 1 ? ` · ${nameOf(person, highlight.person)}` : '';
    this.tip.textContent = `${joint} · ${score.toFixed(2)}${who}`;
    const width = this.canvas.width / unit;
    const fit = width / scene.width;
    const across = (x + 0.5) * fit;
    const half = this.tip.offsetWidth / 2;
    const left = Math.max(half, Math.min(this.look.mirrored ? width - across : across, width - half));
    this.tip.style.left = `${left}px`;
    this.tip.style.top = `${(y + 0.5) * fit}px`;
    this.tip.classList.toggle('below', (y + 0.5) * fit < 48);
  }
}
