// A camera's frames, and the server's answers to them over a WebSocket. One frame is on its way at a time; when its
// answer has come, the camera's newest goes next.

import { findModel, streamUrl, Trouble } from './api';
import type { FrameAnswer } from './poses';

export interface Shot {
  picture: ImageBitmap; // the receiver closes it
  answer: FrameAnswer | null; // null: none has come yet
  json: string;
  milliseconds: number; // from the camera to the answer
  perSecond: number;
}

export interface CameraEvents {
  shot(shot: Shot): void;
  /** The frame could not be looked at, or the server is being called again: the camera goes on. */
  remark(text: string): void;
  /** The camera has stopped by itself. */
  ended(trouble: Trouble): void;
}

const kWidth = 640; // of the frames that are sent
const kQuality = 0.8;
const kPatience = 2000; // milliseconds; a frame that was refused gets no answer
const kMostCalls = 4;

const words: Record<string, string> = {
  NotAllowedError: 'The browser does not lend its camera. Allow it for this page (beside the address) and try again.',
  NotFoundError: 'No camera was found.',
  OverconstrainedError: 'No camera was found.',
  NotReadableError: 'The camera is busy: another program may have it.',
};

const troubleOfCamera = (error: unknown): Trouble => {
  if (error instanceof Trouble) return error;
  const known = error instanceof DOMException ? words[error.name] : undefined;
  return new Trouble('camera', known ?? 'The camera could not be used.', known ? '' : String(error));
};

export class Camera {
  private readonly video = document.createElement('video');
  private readonly small = document.createElement('canvas');
  private turn = 0; // of starts and stops: the last one counts
  private stream: MediaStream | null = null;
  private socket: WebSocket | null = null;
  private calls = 0; // in a row that led to no answer
  private sent = 0; // frames of this socket
  private onItsWay: { number: number; picture: ImageBitmap; since: number } | null = null;
  private answered: number[] = []; // when the last ones came
  private grabbing = false;
  private anyAnswer = false;

  constructor(private readonly events: CameraEvents) {
    this.video.muted = true;
    this.video.playsInline = true;
  }

  get running(): boolean {
    return this.stream !== null;
  }

  get mirrored(): boolean {
    const track = this.stream?.getVideoTracks()[0];
    return track?.getSettings().facingMode !== 'environment' && !/\b(back|rear)\b/i.test(track?.label ?? '');
  }

  /** The next of this machine's cameras; undefined where there is but one. */
  async other(): Promise<string | undefined> {
    const devices = await navigator.mediaDevices.enumerateDevices();
    const cameras = devices.filter((device) => device.kind === 'videoinput').map((device) => device.deviceId);
    const now = cameras.indexOf(this.stream?.getVideoTracks()[0]?.getSettings().deviceId ?? '');
    return cameras.length > 1 ? cameras[(now + 1) % cameras.length] : undefined;
  }

  /** `device`: as other() says; else the one that looks at the visitor. Errors: a Trouble. */
  async start(device?: string): Promise<void> {
    this.stop();
    const { turn } = this;
    if (!navigator.mediaDevices?.getUserMedia)
      throw new Trouble('camera', 'Browsers lend the camera to https:// pages and to localhost only.');
    let stream: MediaStream;
    try {
      const which = device ? { deviceId: { exact: device } } : { facingMode: 'user' };
      const video = { ...which, width: { ideal: 1280 }, height: { ideal: 720 } };
      stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
      if (this.turn !== turn) return stream.getTracks().forEach((track) => track.stop());
      this.stream = stream;
      stream.getVideoTracks()[0]?.addEventListener('ended', () => {
        if (this.stream === stream) this.end(new Trouble('camera', 'The camera was unplugged or taken away.'));
      });
      this.video.srcObject = stream;
      await this.video.play();
      if (this.turn !== turn) return;
    } catch (error) {
      if (this.turn !== turn) return;
      this.stop();
      throw troubleOfCamera(error);
    }
    this.calls = 0;
    this.anyAnswer = false;
    this.answered = [];
    this.connect();
    this.eachFrame(stream);
  }

  stop(): void {
    ++this.turn;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.srcObject = null;
    this.hangUp();
  }

  private end(trouble: Trouble): void {
    this.stop();
    this.events.ended(trouble);
  }

  private hangUp(): void {
    const socket = this.socket;
    this.socket = null; // first: its last events are nobody's
    socket?.close();
    this.onItsWay?.picture.close();
    this.onItsWay = null;
  }

  private connect(): void {
    const socket = new WebSocket(streamUrl());
    this.socket = socket;
    this.sent = 0;
    socket.addEventListener('message', (event) => {
      if (this.socket === socket) this.take(String(event.data));
    });
    socket.addEventListener('close', () => {
      if (this.socket === socket) void this.callAgain();
    });
  }

  /** A browser does not say why a WebSocket failed: a plain request may. */
  private async callAgain(): Promise<void> {
    this.hangUp();
    const { stream } = this;
    try {
      await findModel();
      if (++this.calls > kMostCalls) throw new Trouble('busy', 'The server takes no more cameras. Try again in a moment.');
    } catch (error) {
      if (this.stream === stream && stream) this.end(troubleOfCamera(error));
      return;
    }
    if (this.stream !== stream) return;
    this.events.remark('The line to the server broke: calling again.');
    setTimeout(() => this.stream === stream && this.connect(), 250 * 2 ** this.calls);
  }

  private eachFrame(stream: MediaStream): void {
    if (this.stream !== stream) return;
    void this.grab();
    const next = (): void => this.eachFrame(stream);
    if ('requestVideoFrameCallback' in this.video) this.video.requestVideoFrameCallback(next);
    else requestAnimationFrame(next);
  }

  private async grab(): Promise<void> {
    const { socket, video } = this;
    if (this.grabbing || video.videoWidth === 0 || socket?.readyState !== WebSocket.OPEN) return;
    if (this.onItsWay && performance.now() - this.onItsWay.since < kPatience) return;
    this.grabbing = true;
    try {
      const since = performance.now();
      const picture = await createImageBitmap(video).catch(() => null);
      if (!picture) return; // the camera stopped meanwhile
      const jpeg = await this.shrink(picture);
      if (!jpeg || this.socket !== socket) return picture.close();
      if (!this.anyAnswer) {
        const copy = await createImageBitmap(picture);
        this.events.shot({ picture: copy, answer: null, json: '', milliseconds: 0, perSecond: 0 });
      }
      this.onItsWay?.picture.close();
      this.onItsWay = { number: ++this.sent, picture, since };
      socket.send(jpeg);
    } finally {
      this.grabbing = false;
    }
  }

  private async shrink(picture: ImageBitmap): Promise<ArrayBuffer | undefined> {
    const scale = Math.min(1, kWidth / picture.width);
    this.small.width = Math.round(picture.width * scale);
    this.small.height = Math.round(picture.height * scale);
    this.small.getContext('2d')?.drawImage(picture, 0, 0, this.small.width, this.small.height);
    const blob = await new Promise<Blob | null>((resolve) => this.small.toBlob(resolve, 'image/jpeg', kQuality));
    return await blob?.arrayBuffer();
  }

  private take(json: string): void {
    const answer: FrameAnswer = JSON.parse(json);
    const shot = this.onItsWay;
    if (!shot || (answer.frame !== undefined && answer.frame !== shot.number)) return; // of a frame given up
    this.onItsWay = null;
    if (answer.error !== undefined) {
      shot.picture.close();
      return this.events.remark(`A frame was not understood: ${answer.error}`);
    }
    this.calls = 0;
    this.anyAnswer = true;
    const now = performance.now();
    this.answered = [...this.answered.filter((time) => now - time < 2000), now];
    const span = now - (this.answered[0] ?? now);
    const perSecond = span > 0 ? ((this.answered.length - 1) * 1000) / span : 0;
    this.events.shot({ picture: shot.picture, answer, json, milliseconds: now - shot.since, perSecond });
  }
}
